// Carries out what runs of playbooks have ordered outside: ordered -> started (durable) -> the other side -> ended. It decides
// nothing; what an answer means for the step is said by fold/playbook.
//
// Promise: `playbook_call_started` is on disk before the first octet leaves. After a crash a call that had started is sent
// again with the same key, unless it may happen only once: that one is told as uncertain and never sent again. A call whose
// step is over before it was started does not leave.
// Threads: take() from any thread and does not block; the work is done on threads of its own, a few calls at a time.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/task_thread.h"
#include "fold/playbook/playbook.h"
#include "run/app/context.h"
#include "run/app/playbook_config.h"
#include "world/connect/caller.h"
#include "world/net/message.h"

namespace firebreak::app {

using Callers = std::map<std::string, std::unique_ptr<connect::Caller>>;

// The body of playbook_call_ended for what a connector gave: "digest" becomes __digest__, and what `results` ask for
// (cacao/http_request.h) stands under their names, because what two readings give would bear one name otherwise.
JsonObject told_by_connector(const JsonObject& values, const Json& results);

class Calls {
 public:
  Calls(const Context& context, const PlaybookConfig& config, const Callers& callers);
  ~Calls();  // stop()

  void take(playbook::Call call);
  bool idle() const;
  void wait_idle() const;
  void stop();  // what is under way comes back within about a second; the rest stays open in the journal

 private:
  void carry_out(const playbook::Call& call);
  bool is_wanted(const std::string& call) const;
  Result<JsonObject> answer(const playbook::Call& call);  // body of playbook_call_ended
  Result<JsonObject> http(const Json& ordered);
  Result<JsonObject> channel(const Json& ordered);
  Result<JsonObject> connector(const Json& ordered);
  Result<net::Response> send(const net::Request& request, const std::string& url);
  void end(const playbook::Call& call, JsonObject body);

  const Context& context_;
  const PlaybookConfig& config_;
  const Callers& callers_;
  std::atomic<bool> stopping_ = false;
  std::atomic<std::size_t> next_ = 0;
  std::map<std::string, std::mutex> busy_;  // by caller: one call at a time
  std::vector<std::unique_ptr<TaskThread>> threads_;  // last: they end before what they use
};

}  // namespace firebreak::app
