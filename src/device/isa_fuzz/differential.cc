#include "device/isa_fuzz/differential.h"

#include <fmt/format.h>

#include <algorithm>

#include "device/isa_fuzz/content.h"
#include "device/isa_fuzz/generator.h"
#include "device/lockstep.h"
#include "target/bm1684/exec/float_mode.h"
#include "target/bm1684/isa/codec.h"

namespace bmnet::isa_fuzz {
namespace {

using bm1684::Access;

// Commands between two comparisons of all memories, which find writes that no operand declares.
constexpr uint64_t kFullCompare = 2000;

class FamilyRun {
 public:
  FamilyRun(const Family& family, const Options& options, Lockstep& device, std::FILE* out)
      : family_(family), options_(options), device_(device), out_(out) {}

  Totals run() {
    for (uint64_t i = options_.first; i < options_.first + options_.count; ++i) {
      step(i);
      const bool last = i + 1 == options_.first + options_.count;
      if (last || (i + 1) % kFullCompare == 0) check_all(i);
    }
    fmt::print(out_, "{:<22} {:>8} passed {:>6} failed {:>6} refused\n", family_.name, totals_.passed, totals_.failed,
               totals_.refused);
    std::fflush(out_);
    return totals_;
  }

 private:
  void step(uint64_t index) {
    const Case test = generate(family_, options_.seed, index);
    const auto accesses = bm1684::accesses(test.command, test.engine);
    if (!accesses) return refuse(index, test, accesses.error());
    Random random(options_.seed ^ (index * 0x9E3779B97F4A7C15));
    fill_operands(test, *accesses, random, [&](Access::Space space, uint64_t offset, std::span<const uint8_t> bytes) {
      device_.put(space, offset, bytes);
    });
    std::optional<Difference> difference;
    if (const Status status = device_.step(test.command, test.engine, *accesses, difference); !status)
      return refuse(index, test, status.error());
    if (!difference) return void(++totals_.passed);
    if (totals_.failed++ < options_.shown)
      fmt::print(out_, "{} #{} (--seed {} --first {} --count 1): {}\n  {}\n", family_.name, index, options_.seed, index,
                 difference->to_string(), bm1684::disassemble(test.command, test.engine));
    device_.synchronize();
  }

  void refuse(uint64_t index, const Case& test, const Error& error) {
    if (totals_.refused++ < options_.shown)
      fmt::print(out_, "{} #{} is refused: {}\n  {}\n", family_.name, index, error.message,
                 bm1684::disassemble(test.command, test.engine));
  }

  void check_all(uint64_t index) {
    const auto difference = device_.compare_all();
    if (!difference) return;
    ++totals_.failed;
    fmt::print(out_, "{}: one of the commands up to #{} wrote outside of its operands: {}\n", family_.name, index,
               difference->to_string());
    device_.synchronize();
  }

  const Family& family_;
  const Options& options_;
  Lockstep& device_;
  std::FILE* out_;
  Totals totals_;
};

}  // namespace

Result<Totals> run(const Options& options, std::FILE* out) {
  const auto wanted = [&](const Family& family) { return options.family.empty() || family.name == options.family; };
  if (std::none_of(families().begin(), families().end(), wanted)) {
    std::string names;
    for (const Family& family : families()) names += fmt::format(" {}", family.name);
    return user_error("no instruction family '{}'; there are{}", options.family, names);
  }
  BMNET_ASSIGN(const std::unique_ptr<Lockstep> device, Lockstep::open(options.library, kDdrBytes));
  device->cmodel().enable_asserts(false);
  const bm1684::ChipFloatMode float_mode;
  Totals totals;
  for (const Family& family : families()) {
    if (!wanted(family)) continue;
    const Totals one = FamilyRun(family, options, *device, out).run();
    totals.passed += one.passed, totals.failed += one.failed, totals.refused += one.refused;
  }
  fmt::print(out, "{} passed, {} failed\n", totals.passed, totals.failed);
  return totals;
}

}  // namespace bmnet::isa_fuzz
