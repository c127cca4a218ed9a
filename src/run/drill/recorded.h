// What a recorded stream holds, and a model that answers as it answered then.
//
// Lines are those of docs/formats/stream.md in short: {type: inference|label, id, time, caller, features, prediction, score} or
// {type: label, id, time, label}, plain or packed with zstd. Errors name file and line.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/files.h"
#include "run/drill/drill_document.h"
#include "world/net/http_server.h"

namespace firebreak::drill {

struct Event {
  Time time;  // of the drill
  std::string id, caller, features, label, score;  // features: JSON; score: a JSON number
  bool is_label = false;
};

struct Recording {
  std::vector<Event> history, played;  // in order of time
};
Result<Recording> read_recording(Files& files, const RecordedStream& stream, const std::string& path);

// Answers a request by its id with the answer that was recorded for it, on loopback; for any other id it is not available, so what needs a live
// model (answers on a holdout, gates of a candidate) says that it waits.
class RecordedModel {
 public:
  static Result<std::unique_ptr<RecordedModel>> start(const std::vector<Recording>& recordings);
  std::string url() const { return server_->url(); }

 private:
  std::map<std::string, std::string, std::less<>> answers_;  // by id; not changed once started
  std::unique_ptr<net::HttpServer> server_;
};

}  // namespace firebreak::drill
