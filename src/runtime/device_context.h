// One open device: its memory is shared by everybody who uses the device in this process.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "base/sha256.h"
#include "device/device.h"
#include "runtime/allocator.h"

namespace bmnet::runtime {

class DeviceContext;
class RunObserver;  // runtime/observer.h

// Device memory that is freed with its last owner.
class DeviceBuffer {
 public:
  DeviceBuffer(std::shared_ptr<DeviceContext> context, uint64_t address, uint64_t bytes)
      : context_(std::move(context)), address_(address), bytes_(bytes) {}
  ~DeviceBuffer();
  DeviceBuffer(const DeviceBuffer&) = delete;
  DeviceBuffer& operator=(const DeviceBuffer&) = delete;

  uint64_t address() const { return address_; }
  uint64_t bytes() const { return bytes_; }

 private:
  std::shared_ptr<DeviceContext> context_;
  uint64_t address_, bytes_;
};

class DeviceContext : public std::enable_shared_from_this<DeviceContext> {
 public:
  // `specification` as open_device takes it.
  static Result<std::shared_ptr<DeviceContext>> open(const std::string& specification, uint64_t ddr_bytes = 0);
  // On a device of the caller's making.
  static Result<std::shared_ptr<DeviceContext>> open(std::unique_ptr<Device> device);

  Device& device() { return *device_; }
  Allocator& allocator() { return allocator_; }

  Result<std::shared_ptr<DeviceBuffer>> allocate(uint64_t bytes);
  // A buffer with this content; one upload for all that have equal content and are alive together. `key` names the
  // content (a BModel's check_code and length).
  Result<std::shared_ptr<DeviceBuffer>> upload_shared(const std::string& key, Bytes content);

  // Whoever runs a net holds this: nets share activations. The options count for all launches.
  std::mutex& launching() { return launching_; }
  LaunchOptions& launch_options() { return launch_options_; }
  // Who sees the runs from inside; the caller's, null: nobody.
  void observe(RunObserver* observer);
  RunObserver* observer() const { return observer_; }
  // Busy time of all launches so far, in cycles.
  uint64_t total_cycles = 0, last_cycles = 0, launches = 0;

 private:
  explicit DeviceContext(std::unique_ptr<Device> device);

  std::unique_ptr<Device> device_;
  Allocator allocator_;
  std::mutex launching_, sharing_;
  LaunchOptions launch_options_;
  RunObserver* observer_ = nullptr;
  std::map<std::string, std::weak_ptr<DeviceBuffer>> shared_;
};

}  // namespace bmnet::runtime
