// Inference logs that platforms send as they happen (world/taps), made into records of streams.
//
// Lines (SageMaker capture, Open Inference exchanges, NDJSON) become one batch whose receipt answers the request. KServe's
// logger sends each half of an exchange by itself, in any order, tries once, and stalls inference while it waits: an event is
// answered at once, its halves are joined here, and what is joined is admitted in batches under a producer of this process with
// rising numbers. What cannot be kept (the disk stood for too long) leaves its number out, so that the stream tells of the gap.
// A request whose answer does not come within kPatience is recorded as failed. At a stop everything that waits is recorded.
//
// Threads: everything from any. Errors: those of taps::Tap; kNotFound (no stream), kBusy (too much waits for the disk).
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "run/app/context.h"
#include "world/taps/tap.h"

namespace firebreak::app {

class Intake {
 public:
  Intake(const Context& context, std::function<void(const std::string& stream)> admitted);
  ~Intake();

  void start();
  void stop();

  // `body`: lines of `format`; NDJSON of the records, to be admitted as one batch. `columns`: "a,b,c", or empty.
  Result<std::string> lines(const std::string& stream, taps::Format format, std::string_view body, const std::string& columns);
  // `events`: one CloudEvent of KServe's logger, or an array of them; those before one that cannot be read are taken.
  Result<Json> events(const std::string& stream, const Json& events, const std::string& columns);

 private:
  struct Line;  // its halves, what is joined, its numbers
  using Of = std::pair<std::string, std::string>;  // stream, and the columns that the sender names

  FeatureSchema features_of(const std::string& endpoint) const;
  Result<Line*> line_of(const std::string& stream, const std::string& columns);
  void run();
  void flush(const Of& of);
  void admit_each(const Of& of, const std::vector<JsonObject>& records, std::uint64_t sequence);
  Result<void> admit(const Of& of, const std::string& ndjson, std::uint64_t sequence);

  const Context& context_;
  const std::function<void(const std::string& stream)> admitted_;
  std::string producer_;  // of this process' joined records
  std::mutex mutex_;
  std::map<Of, std::unique_ptr<Line>> lines_;
  Counter* refused_ = nullptr;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace firebreak::app
