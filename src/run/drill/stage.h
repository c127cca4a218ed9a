// Where a drill takes place: a folder of its own, the real server and gateway in it with simulated surroundings, a token a role.
//
//   DIR/DRILL             says that this is a drill's folder
//   DIR/drill.json        where the server listens; for `drill abort` and `drill show`
//   DIR/data, DIR/gateway of the server and the gateway
//   DIR/tokens/ROLE.token 0600, one a role; facilitator.token is the admin's
//   DIR/facilitator/      sealed.json: what is hidden. Outside of the server's data folder, read by nobody but the facilitator
//   DIR/logs              what the processes said
//
// Promise: a folder that holds anything is never used, so that no production data folder can be. Nothing outside of loopback is spoken to.
// Threads: one; abort() may be called from another.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/random.h"
#include "run/drill/children.h"
#include "run/drill/drill_document.h"
#include "run/drill/http_api.h"
#include "run/drill/recorded.h"

namespace firebreak::drill {

inline constexpr std::string_view kMarker = "DRILL";

struct StageOptions {
  std::string dir;
  std::string base;                        // folder of the drill's document: its file names are relative to it
  std::string program = "/proc/self/exe";
  bool scripted = false;                   // people are played by programs, and marked as such
};

class Stage {
 public:
  Stage(Files& files, Random& random, const Drill& drill, StageOptions options) : files_(files), random_(random), drill_(drill), options_(std::move(options)), children_(options_.program) {}

  Result<void> check_folder();  // kConflict when it holds anything
  // Makes the folder, seals the truth, starts everything, lets the roles in, registers releases, brings the history.
  Result<void> set_up();
  HttpApi& admin() { return *admin_; }
  HttpApi& role(const std::string& name) { return *people_.at(name); }
  const std::vector<Recording>& recordings() const { return recordings_; }
  Result<void> clock(Time to);           // and everything has settled; the clock's rate is kept
  const Json& rate() const { return rate_; }
  void keep_rate(const Json& clock) { if (const Json* rate = find(clock, "rate")) rate_ = *rate; }
  Result<void> play(const std::string& endpoint, const std::vector<const Event*>& events);  // through the gateway, as their callers; in tap mode as records
  Result<void> register_release(const Release& release, const std::string& incident);
  // One request of nobody's through the gateway: whether the model was asked for its answer, and the answer.
  struct Probe {
    bool model_asked = false;
    std::string answer;
  };
  Result<Probe> probe(const std::string& endpoint, const std::string& id);
  Result<void> label(const std::string& endpoint, const std::vector<const Event*>& labels);
  Result<Json> sealed() const;  // as its file is now: whether it was left alone, its digest says
  const std::string& server() const { return server_; }
  void end();                            // everything is on the disk when this returns
  void abort() { ended_ = true; children_.stop(); }
  const std::atomic<bool>& ended() const { return ended_; }

 private:
  Result<void> make_folder();
  Result<void> seal();
  Result<void> start_processes();
  Result<std::string> write_configuration(const std::string& control);
  Result<void> let_in();
  Result<void> prepare_endpoints();
  Result<void> bring_history();
  Result<void> ask(const std::string& endpoint, const Event& event);
  Result<void> record(const std::string& endpoint, const std::vector<const Event*>& events, const std::string& source);
  std::string line_of(const std::string& endpoint, const Release& release, const Event& event, const std::string& source) const;
  const Release* release_of(const std::string& endpoint) const;  // that was in service before the start
  std::string path(const std::string& name) const { return options_.dir + "/" + name; }
  std::string file_of(const std::string& name) const { return name.starts_with('/') ? name : options_.base + "/" + name; }
  Result<std::string> token(const std::string& name);
  Result<std::string> content_of(const Release& release, const std::string& name, std::uint64_t salt);

  Files& files_;
  Random& random_;
  const Drill& drill_;
  const StageOptions options_;
  std::atomic<bool> ended_{false};
  std::vector<Recording> recordings_;  // as drill_.streams
  std::unique_ptr<RecordedModel> model_;
  Children children_;
  std::string server_, gateway_, pepper_;
  Json rate_;
  std::unique_ptr<HttpApi> admin_;
  std::map<std::string, std::unique_ptr<HttpApi>> people_;
  std::map<std::string, std::string> keys_;            // caller -> key
  std::map<std::string, std::string> model_digests_;   // endpoint -> digest of its release's model
  net::HttpClient callers_;
  std::map<std::string, std::string> paths_;  // endpoint -> where callers ask
  std::map<std::string, std::string> batch_paths_;
  std::set<std::string> taps_;                // endpoints that nobody stands in front of
  std::map<std::string, std::string> sample_;  // endpoint -> the features that a probe brings
  std::map<std::string, std::uint64_t> batches_;  // of each stream and producer
};

}  // namespace firebreak::drill
