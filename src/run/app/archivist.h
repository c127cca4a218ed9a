// Keeps the archive (read/archive) up with the logs and answers questions to it.
//
// A thread of its own makes each closed segment into Parquet files and a count cube soon after it was closed, and anew after
// an erasure. A question first brings the open segment in. Each part that is made is told to the journal with its digest
// (entry segment_archived), each question with who asked (entry archive_read; not the SQL, which may name a person).
//
// Threads: everything from any. One thread makes parts at a time; questions run beside, at most kQuestions of them.
// Errors: kUnavailable (no DuckDB), kBusy (too many questions), kInvalid, kNotFound, kTimeout, kIo.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "log/record/gate.h"
#include "read/archive/impact.h"
#include "read/archive/query.h"
#include "run/app/context.h"

namespace firebreak::app {

class Archivist {
 public:
  Archivist(const Context& context, std::string data_dir) : context_(context), data_dir_(std::move(data_dir)) {}
  ~Archivist() { stop(); }

  void apply(const Entry& entry);  // of the journal, in order
  void start();
  void stop();

  // {"stream"?, "open"?: false} -> {"parts": [manifest, …]}: what had to be made.
  Result<Json> build(const Json& body);
  Result<Json> status();  // {"engine", "streams": [{"stream", "records", "archived", "parts", "octets"}]}

  // {"sql", "stream"?, "limit"?, "fresh"?: true} -> {"columns", "rows": [[…]], "count"}; count may be above the limit.
  Result<Json> query(const Json& body, const std::string& actor);
  Result<Bytes> query_parquet(const Json& body, const std::string& actor);
  // {"stream", "release"?, "caller"?, "from"?, "to"?, "prove"?, "fresh"?} -> the answer, or the completeness statement.
  Result<Json> impact(const Json& body, const std::string& actor);
  Result<Bytes> impact_parquet(const Json& body, const std::string& actor);
  // A file of the stream's archive as it is now, for who keeps a statement. kNotFound: there is none, or a newer part replaced it.
  Result<Bytes> file(const std::string& stream, const std::string& name, const std::string& actor);

  // After an erasure: nothing derived of the stream holds what is gone when this returns. How many parts were made anew.
  Result<std::uint64_t> forget(const std::string& stream);
  // Parts that hold what is gone and are not made anew yet.
  std::uint64_t behind(const std::string& stream) const;

 private:
  class Asking;    // one of the questions that may run at once
  struct Counted;  // an impact question with its answer

  archive::Engine engine(std::int64_t timeout_ms) const;

  void run();
  Result<std::vector<archive::Manifest>> bring_up(const std::string& stream, bool open);
  Result<void> tell(const std::string& folder);
  Result<std::vector<archive::Source>> sources(const Json& body);
  Result<Counted> count(const Json& body, const std::string& actor);
  template <typename Make>
  Result<Bytes> answer_file(Make make);
  Result<archive::Query> asked(const Json& body) const;
  Result<Json> prove(const archive::Question& question, const archive::Source& source, const archive::Impact& impact);
  Json lineage(const std::string& release) const;
  void record(const char* what, const std::vector<archive::Source>& sources, std::string_view question, std::uint64_t rows,
              const std::string& actor);

  const Context& context_;
  const std::string data_dir_;
  std::mutex building_;          // one maker of parts at a time
  std::set<std::string> looked_;  // streams of whose parts the journal knows since this start; with building_ held
  record::Gate files_;           // closed while files that others may read are taken away
  std::mutex mutex_;             // what follows
  std::map<std::string, std::uint64_t> told_;  // manifest digest -> journal index
  int asking_ = 0;
  std::atomic<std::uint64_t> answers_ = 0;  // files that were made for one answer
  std::mutex sleep_mutex_;
  std::condition_variable wake_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace firebreak::app
