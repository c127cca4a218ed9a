#include "log/journal/journal.h"

#include <fmt/core.h>

#include "log/journal/core.h"
#include "types/command.h"

namespace firebreak::journal {
namespace {

Code code_from_name(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(Code::kInternal); ++i)
    if (code_name(static_cast<Code>(i)) == name) return static_cast<Code>(i);
  return Code::kInternal;
}

}  // namespace

Result<Entry> command_outcome(const Group& group) {
  const Entry* accepted = nullptr;
  for (const Entry& entry : group.entries) {
    if (entry.kind == "command_refused")
      return fail(code_from_name(string_or(entry.body, "code")), string_or(entry.body, "reason"),
                  string_or(entry.body, "pointer"));
    if ((entry.kind == "command_accepted" || entry.kind == "command_requested") && accepted == nullptr) accepted = &entry;
  }
  if (accepted == nullptr) return fail(Code::kInternal, "nobody accepted or refused the command");
  return *accepted;
}

Result<Group> give_command(Journal& journal, const std::string& name, const Json& args, const std::string& actor, const Json& via) {
  FIREBREAK_TRY(check_command(name, args));
  FIREBREAK_ASSIGN(Json kept, keep_free_texts(name, args, [&](std::string_view text) { return journal.keep_text(text); }));
  JsonObject body{{"name", name}, {"args", std::move(kept)}};
  if (!via.is_null()) body["via"] = via;
  Draft draft{"command", std::move(body), actor, {}, {}};
  FIREBREAK_ASSIGN(Group group, journal.submit_wait(std::move(draft)));
  FIREBREAK_ASSIGN(const Entry outcome, command_outcome(group));
  // Who gives a command in somebody's name goes on when it was accepted; a person is told that it waits.
  if (via.is_null() && outcome.kind == "command_requested")
    return fail(Code::kConflict, fmt::format("it waits for a second person as {}: firebreak request approve {} --digest {}", outcome.id("ask"), outcome.id("ask"),
                                             string_or(outcome.body, "digest")));
  return group;
}

const Fold* View::find(std::string_view name) const {
  for (const auto& fold : folds_)
    if (fold->name() == name) return fold.get();
  return nullptr;
}

Result<std::unique_ptr<Journal>> Journal::open(std::unique_ptr<ledger::Log> log, Files& files, const Clock& clock,
                                               const std::string& dir, const Options& options,
                                               std::vector<std::unique_ptr<Fold>> folds) {
  auto core = std::make_unique<Core>(std::move(log), files, clock, dir, options, std::move(folds));
  if (auto started = core->start(); !started) return fail(std::move(started.error()).with("open the journal"));
  return std::unique_ptr<Journal>(new Journal(std::move(core)));
}

Journal::Journal(std::unique_ptr<Core> core) : core_(std::move(core)) {}
Journal::~Journal() = default;

void Journal::submit(Draft input, std::function<void(Result<Group>)> done) {
  core_->submit(std::move(input), std::move(done));
}
Result<Group> Journal::submit_wait(Draft input) { return core_->submit_wait(std::move(input)); }
Result<std::string> Journal::keep_text(std::string_view text) const { return core_->keep_text(text); }

void Journal::with_state(const std::function<void(const View&)>& read) const {
  core_->with_machine(
      [&](const Machine& machine) { read(View(machine.folds(), machine.size(), machine.time())); });
}

Result<std::uint64_t> Journal::subscribe(std::function<void(const Group&)> listener,
                                         std::optional<std::uint64_t> from) {
  return core_->subscribe(std::move(listener), from);
}
void Journal::unsubscribe(std::uint64_t id) { core_->unsubscribe(id); }

Result<std::vector<Entry>> Journal::entries(std::uint64_t from, std::size_t most) const {
  return core_->entries(from, most);
}
std::uint64_t Journal::size() const { return core_->log().size(); }

std::optional<Source> Journal::mark(const std::string& producer) const {
  std::optional<Source> found;
  core_->with_machine([&](const Machine& machine) {
    if (const auto at = machine.marks().find(producer); at != machine.marks().end()) found = at->second;
  });
  return found;
}

bool Journal::idle() const { return core_->idle(); }
void Journal::wait_idle() const { core_->wait_idle(); }
Result<void> Journal::healthy() const { return core_->healthy(); }

Digest Journal::state_digest() const {
  Digest digest;
  core_->with_machine([&](const Machine& machine) { digest = machine.digest(); });
  return digest;
}

Result<void> Journal::snapshot_now() { return core_->snapshot_now(); }
Result<void> Journal::renew_snapshots() { return core_->snapshot_now(true); }

Result<Digest> Journal::replay_digest() const {
  return journal::replay_digest(core_->log(), core_->fresh().folds());
}
Result<void> Journal::check_decide() const { return journal::check_decide(core_->log(), core_->fresh().folds()); }

ledger::Log& Journal::log() { return core_->log(); }

}  // namespace firebreak::journal
