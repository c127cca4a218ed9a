// Inside of Log: what its threads share. The writer thread alone touches what stands under "writer".
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "log/ledger/log.h"
#include "log/ledger/scan.h"
#include "log/ledger/segment.h"

namespace firebreak::ledger {

inline constexpr std::string_view kCheckpointFile = "checkpoint";
inline constexpr std::string_view kVkeyFile = "vkey";
inline constexpr std::string_view kLockFile = "LOCK";
inline constexpr std::string_view kReserveFile = "reserve";

struct FrameRef {
  std::uint64_t first = 0;
  std::uint64_t segment : 24 = 0;  // position in State::segments
  std::uint64_t offset : 40 = 0;   // segments stay below 1 TiB
};
static_assert(sizeof(FrameRef) == 16);

struct OpenSegment {
  std::uint64_t number = 0;
  std::uint64_t end = 0;       // durable
  std::shared_ptr<File> file;  // opened at first use; readers keep it alive
};

struct Pending {
  PreparedBatch batch;
  std::function<void(Result<Commit>)> done;
  std::optional<std::uint64_t> first;  // the only index that its first entry may get
};

struct Log::State {
  State(Files& files_in, Clock& clock_in, Path dir_in, Options options_in)
      : files(files_in), clock(clock_in), dir(std::move(dir_in)), options(std::move(options_in)) {}

  Path path_of(std::string_view name) const { return dir + "/" + std::string(name); }

  // Opening (log_open.cc).
  Result<void> open(Recovery& recovery);
  Result<void> create();
  Result<void> recover(Recovery& recovery);
  Result<void> check_against(const Checkpoint& signed_before, const ScanResult& scan) const;
  Result<void> cut_tail(const TornTail& tail, bool below_checkpoint, Recovery& recovery);
  Result<void> rewrite_last_group(const ScanResult& scan);
  Result<void> take_reserve();
  Result<void> add_segment(std::uint64_t number);

  // Writing (log_writer.cc).
  void run();
  std::vector<Pending> take_group();
  void refuse_displaced(std::vector<Pending>& group) const;
  void commit(std::vector<Pending> group);
  Result<void> write_group(const std::vector<Pending>& group, std::vector<FrameHeader>& headers);
  Result<void> try_write_group(const std::vector<Pending>& group, std::vector<FrameHeader>& headers);
  Result<void> make_room(std::uint64_t octets);
  Result<void> drop_room();
  Result<void> failure_of_stopped() const;
  bool release_reserve();
  void stop(Error why);
  Result<void> write_checkpoint();
  bool checkpoint_due() const;

  // Reading (log.cc).
  Result<Frame> read_frame(std::size_t position) const;
  std::optional<std::size_t> position_of(std::uint64_t index) const;  // in `frames`; call with `mutex` held
  Checkpoint sign_checkpoint(std::uint64_t size, const Digest& root) const;

  Files& files;
  Clock& clock;
  const Path dir;
  const Options options;
  std::unique_ptr<FileLock> folder_lock;

  mutable std::mutex mutex;  // everything down to "writer"
  std::condition_variable wake;
  std::deque<Pending> queue;
  std::uint64_t queued_bytes = 0;
  bool closing = false;
  std::optional<Error> failed;
  bool reserve_gone = false;
  Tree tree;
  std::vector<FrameRef> frames;
  mutable std::vector<OpenSegment> segments;

  std::mutex listeners_mutex;
  std::vector<std::function<void(std::uint64_t)>> listeners;

  // writer
  std::uint64_t end = kSegmentHeaderBytes;  // durable offset in the last segment
  std::uint64_t allocated = 0;              // size of its file: zeros from `end` on
  Digest last_digest;
  std::uint64_t size_on_disk = 0;  // = tree.size(), readable without the mutex here
  std::uint64_t checkpointed = 0;  // size that the checkpoint file signs
  std::int64_t checkpoint_at = 0;  // steady time of the first commit after it
  std::optional<Error> checkpoint_failed;
  bool closed = false;
  std::mutex close_mutex;
  std::thread writer;
};

}  // namespace firebreak::ledger
