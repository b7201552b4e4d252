#include "runtime/device_context.h"

#include "runtime/observer.h"
#include "target/bm1684/machine.h"

namespace bmnet::runtime {

DeviceBuffer::~DeviceBuffer() { (void)context_->allocator().free(address_); }

// The firmware's own memory below kContextStart is never handed out.
DeviceContext::DeviceContext(std::unique_ptr<Device> device)
    : device_(std::move(device)), allocator_(bm1684::kContextStart, bm1684::kDdrBase + device_->ddr_bytes()) {}

Result<std::shared_ptr<DeviceContext>> DeviceContext::open(const std::string& specification, uint64_t ddr_bytes) {
  BMNET_ASSIGN(std::unique_ptr<Device> device, open_device(specification, ddr_bytes));
  return open(std::move(device));
}

Result<std::shared_ptr<DeviceContext>> DeviceContext::open(std::unique_ptr<Device> device) {
  if (device->ddr_bytes() <= bm1684::kContextStart - bm1684::kDdrBase)
    return user_error("{}: {} bytes of DDR; the first {} are the firmware's", device->name(), device->ddr_bytes(),
                      bm1684::kContextStart - bm1684::kDdrBase);
  return std::shared_ptr<DeviceContext>(new DeviceContext(std::move(device)));
}

void DeviceContext::observe(RunObserver* observer) {
  observer_ = observer;
  launch_options_.observer = observer;
}

Result<std::shared_ptr<DeviceBuffer>> DeviceContext::allocate(uint64_t bytes) {
  BMNET_ASSIGN(const uint64_t address, allocator_.allocate(bytes));
  return std::make_shared<DeviceBuffer>(shared_from_this(), address, bytes);
}

Result<std::shared_ptr<DeviceBuffer>> DeviceContext::upload_shared(const std::string& key, Bytes content) {
  const std::lock_guard lock(sharing_);
  std::erase_if(shared_, [](const auto& entry) { return entry.second.expired(); });
  if (const auto found = shared_.find(key); found != shared_.end())
    if (auto buffer = found->second.lock(); buffer && buffer->bytes() == content.size()) return buffer;
  BMNET_ASSIGN(std::shared_ptr<DeviceBuffer> buffer, allocate(content.size()));
  BMNET_TRY(device_->write(buffer->address(), std::as_bytes(content)));
  shared_[key] = buffer;
  return buffer;
}

}  // namespace bmnet::runtime
