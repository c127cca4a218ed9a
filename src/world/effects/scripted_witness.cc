#include "world/effects/scripted_witness.h"

#include "log/ledger/cosignature.h"

namespace firebreak::effects {
namespace {

net::Response say(int status, std::string text, std::string type = "text/plain; charset=utf-8") {
  net::Response response = net::text_response(std::move(text), std::move(type));
  response.status = status;
  return response;
}

}  // namespace

std::string ScriptedWitness::vkey() const { return ledger::cosigner_of(key_).text(); }

void ScriptedWitness::accept_log(const ledger::VerifierKey& log) {
  const std::lock_guard lock(mutex_);
  logs_[log.name] = {log, 0, ledger::empty_root()};
}

void ScriptedWitness::set_away(bool away) {
  const std::lock_guard lock(mutex_);
  away_ = away;
}

void ScriptedWitness::set_time(std::uint64_t seconds) {
  const std::lock_guard lock(mutex_);
  seconds_ = seconds;
}

std::uint64_t ScriptedWitness::size_of(const std::string& origin) const {
  const std::lock_guard lock(mutex_);
  const auto known = logs_.find(origin);
  return known == logs_.end() ? 0 : known->second.size;
}

int ScriptedWitness::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

net::Response ScriptedWitness::add_checkpoint(const std::string& body) {
  const std::lock_guard lock(mutex_);
  ++requests_;
  return away_ ? say(503, "away\n") : answer(body);
}

// In the order that the specification asks in.
net::Response ScriptedWitness::answer(const std::string& body) {
  const auto request = ledger::parse_add_checkpoint(body);
  if (!request) return say(400, request.error().message + "\n");
  const ledger::Checkpoint& checkpoint = request->checkpoint;
  const auto found = logs_.find(checkpoint.origin);
  if (found == logs_.end()) return say(404, "unknown log\n");
  Known& known = found->second;
  if (!ledger::check_checkpoint(checkpoint, known.key)) return say(403, "invalid signature\n");
  if (request->old_size > checkpoint.size) return say(400, "the old size is above the checkpoint's\n");
  if (request->old_size != known.size) return say(409, std::to_string(known.size) + "\n", "text/x.tlog.size");
  if (checkpoint.size == known.size && checkpoint.root != known.root)
    return say(409, std::to_string(known.size) + "\n", "text/x.tlog.size");
  if (known.size == 0 || checkpoint.size == known.size ? !request->proof.empty()
                                                       : !ledger::verify_consistency(known.size, known.root, checkpoint.size,
                                                                                     checkpoint.root, request->proof))
    return say(422, "bad consistency proof\n");
  known.size = checkpoint.size;
  known.root = checkpoint.root;
  const ledger::NoteSignature line = ledger::cosign(key_, checkpoint, seconds_);
  return say(200, "\xE2\x80\x94 " + line.name + " " + line.signature + "\n");
}

}  // namespace firebreak::effects
