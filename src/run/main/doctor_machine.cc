// The machine: disk, clock, descriptors.
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "run/main/doctor.h"

namespace firebreak::cli {
namespace {

constexpr int kProbes = 20;
constexpr double kSlowMs = 20;  // an acknowledgement waits for one fdatasync
constexpr double kGiB = 1024.0 * 1024 * 1024;
constexpr std::uint64_t kDescriptors = 4'096;  // 1,024 connections, segments, blobs

// Median milliseconds of a 4 KiB write with fdatasync; negative when it cannot be done.
double probe_disk(const std::string& folder) {
  const std::string path = folder + "/doctor.probe";
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return -1;
  const std::string block(4096, 'x');
  std::vector<double> times;
  for (int i = 0; i < kProbes; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    if (::write(file, block.data(), block.size()) != static_cast<ssize_t>(block.size()) ||
        ::fdatasync(file) != 0)
      break;
    times.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
  }
  ::close(file);
  ::unlink(path.c_str());
  if (times.size() < kProbes) return -1;
  std::nth_element(times.begin(), times.begin() + kProbes / 2, times.end());
  return times[kProbes / 2];
}

}  // namespace

Diagnosis judge_disk(const std::string& folder, double milliseconds) {
  if (milliseconds < 0)
    return {Health::kRed, fmt::format("disk: {} cannot be written", folder),
            fmt::format("run as the folder's owner, or: chown -R $(id -u) {}", folder)};
  const bool slow = milliseconds > kSlowMs;
  return {slow ? Health::kWarn : Health::kOk,
          fmt::format("disk: an fdatasync takes {:.2f} ms (median of {})", milliseconds, kProbes),
          slow ? "every acknowledgement waits for it: put the data folder on a faster disk" : ""};
}

Diagnosis judge_space(double free_octets, double all_octets) {
  const double share = free_octets / std::max(all_octets, 1.0);
  const Health health = free_octets < kGiB                       ? Health::kRed
                        : free_octets < 10 * kGiB || share < 0.1 ? Health::kWarn
                                                                 : Health::kOk;
  return {health, fmt::format("space: {:.1f} GiB free ({:.0f} %)", free_octets / kGiB, share * 100),
          health == Health::kOk ? "" : "make room or move the data folder; a record takes about 300 octets"};
}

Diagnosis judge_clock(bool synchronised, std::int64_t error_us) {
  if (!synchronised)
    return {Health::kWarn, "clock: the kernel says that no time service keeps it",
            "timedatectl set-ntp true"};
  return {Health::kOk, fmt::format("clock: kept by a time service, off by at most {} ms", error_us / 1000),
          ""};
}

Diagnosis judge_descriptors(std::uint64_t may_be_open) {
  const bool enough = may_be_open >= kDescriptors;
  return {enough ? Health::kOk : Health::kWarn, fmt::format("descriptors: {} may be open", may_be_open),
          enough ? "" : fmt::format("ulimit -n {}   (the systemd units set it)", kDescriptors)};
}

void examine_disk(const DoctorOptions& options, std::vector<Diagnosis>& out) {
  out.push_back(judge_disk(options.data, probe_disk(options.data)));
  struct statvfs space {};
  if (::statvfs(options.data.c_str(), &space) != 0) return;
  const auto block = static_cast<double>(space.f_frsize);
  out.push_back(
      judge_space(static_cast<double>(space.f_bavail) * block, static_cast<double>(space.f_blocks) * block));
}

void examine_machine(std::vector<Diagnosis>& out) {
  timex clock{};
  const bool synchronised = ::adjtimex(&clock) != TIME_ERROR && (clock.status & STA_UNSYNC) == 0;
  out.push_back(judge_clock(synchronised, clock.maxerror));
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  out.push_back(judge_descriptors(limit.rlim_cur));
}

}  // namespace firebreak::cli
