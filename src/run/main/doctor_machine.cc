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
constexpr double kSlowMs = 20;             // an acknowledgement waits for one fdatasync
constexpr double kGiB = 1024.0 * 1024 * 1024;
constexpr rlim_t kDescriptors = 4'096;     // 1,024 connections, segments, blobs

// Median milliseconds of a 4 KiB write with fdatasync; negative when it cannot be done.
double probe_disk(const std::string& folder) {
  const std::string path = folder + "/doctor.probe";
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return -1;
  const std::string block(4096, 'x');
  std::vector<double> times;
  for (int i = 0; i < kProbes; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    if (::write(file, block.data(), block.size()) != static_cast<ssize_t>(block.size()) || ::fdatasync(file) != 0) break;
    times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
  }
  ::close(file);
  ::unlink(path.c_str());
  if (times.size() < kProbes) return -1;
  std::nth_element(times.begin(), times.begin() + kProbes / 2, times.end());
  return times[kProbes / 2];
}

}  // namespace

void examine_disk(const DoctorOptions& options, std::vector<Diagnosis>& out) {
  const double ms = probe_disk(options.data);
  if (ms < 0) {
    out.push_back({Health::kRed, fmt::format("disk: {} cannot be written", options.data),
                   fmt::format("run as the folder's owner, or: chown -R $(id -u) {}", options.data)});
  } else {
    out.push_back({ms > kSlowMs ? Health::kWarn : Health::kOk, fmt::format("disk: an fdatasync takes {:.2f} ms (median of {})", ms, kProbes),
                   ms > kSlowMs ? "every acknowledgement waits for it: put the data folder on a faster disk" : ""});
  }
  struct statvfs space {};
  if (::statvfs(options.data.c_str(), &space) != 0) return;
  const double free = static_cast<double>(space.f_bavail) * static_cast<double>(space.f_frsize);
  const double share = static_cast<double>(space.f_bavail) / static_cast<double>(std::max<fsblkcnt_t>(space.f_blocks, 1));
  const Health health = free < kGiB ? Health::kRed : free < 10 * kGiB || share < 0.1 ? Health::kWarn : Health::kOk;
  out.push_back({health, fmt::format("space: {:.1f} GiB free ({:.0f} %)", free / kGiB, share * 100),
                 health == Health::kOk ? "" : "make room or move the data folder; a record takes about 300 octets"});
}

void examine_machine(std::vector<Diagnosis>& out) {
  timex clock{};
  const bool synchronised = ::adjtimex(&clock) != TIME_ERROR && (clock.status & STA_UNSYNC) == 0;
  out.push_back({synchronised ? Health::kOk : Health::kWarn,
                 synchronised ? fmt::format("clock: kept by a time service, off by at most {:.0f} ms", static_cast<double>(clock.maxerror) / 1000)
                              : std::string("clock: the kernel says that no time service keeps it"),
                 synchronised ? "" : "timedatectl set-ntp true"});
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const bool enough = limit.rlim_cur >= kDescriptors;
  out.push_back({enough ? Health::kOk : Health::kWarn, fmt::format("descriptors: {} may be open", limit.rlim_cur),
                 enough ? "" : fmt::format("ulimit -n {}   (the systemd units set it)", kDescriptors)});
}

}  // namespace firebreak::cli
