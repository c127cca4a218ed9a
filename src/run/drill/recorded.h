// What a recorded stream holds, and a model that answers as it answered then.
//
// Lines are those of docs/formats/stream.md in short: {type: inference|label, id, time, caller, features, prediction, score} or
// {type: label, id, time, label}, plain or packed with zstd. Errors name file and line.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/files.h"
#include "run/drill/drill_document.h"
#include "run/replay/ensemble.h"
#include "world/net/http_server.h"

namespace firebreak::drill {

struct Recording {
  std::vector<Event> history, played;  // in order of time
};
Recording make_recording(const RecordedStream& stream);  // of a synthetic one
Result<Recording> read_recording(Files& files, const RecordedStream& stream, const std::string& path);

// What stands behind the gateway: POST URL/ENDPOINT/RELEASE/<path of the wire>, on loopback. A request whose id was recorded for the endpoint
// gets the answer that was recorded; any other is answered by the release's model where its file is a tree ensemble (answers on a holdout,
// gates of a candidate), else it is not available and what needs it says that it waits. A probe (an id that begins with "probe-") gets the
// first answer that was recorded: it is asked for to see who answers.
class RecordedModel {
 public:
  struct Place {  // of one release
    std::string endpoint, release, batch_path;  // batch_path of the endpoint's wire; may be empty
    std::string model;                          // the content of its file
    bool recorded = false;                      // the recording's answers are this release's
  };
  static Result<std::unique_ptr<RecordedModel>> start(const Drill& drill, const std::vector<Recording>& recordings);
  std::string url() const { return server_->url(); }
  // Before the release is registered: until then it answers nothing.
  void add(const Place& place);
  bool was_asked(const std::string& id) const;  // of probes

 private:
  struct Behind {
    Place place;
    std::optional<replay::Ensemble> ensemble;
  };
  void answer(const net::Request& request, const net::Responder& responder);

  std::map<std::string, std::map<std::string, std::string, std::less<>>, std::less<>> answers_;  // endpoint -> id -> answer; not changed once started
  std::map<std::string, std::string, std::less<>> first_;                                        // endpoint -> the first of them
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const Behind>, std::less<>> behind_;  // "/ENDPOINT/RELEASE"
  std::set<std::string, std::less<>> probes_;
  std::unique_ptr<net::HttpServer> server_;
};

}  // namespace firebreak::drill
