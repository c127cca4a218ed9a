// Drives the engine through one run of random playbooks as the journal would, with the world's answers in a random order:
// late and twice, beside ticks and jumps of time, pauses, and crashes after which the state is replayed or read back.
#pragma once

#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "fold/playbook/playbook.h"
#include "reference.h"

namespace firebreak::reference {

// What the engine did, in the words of the reference.
struct Observed {
  std::map<std::string, std::string> outcomes;
  std::map<std::string, std::vector<std::string>> starts;
  std::map<std::string, std::string> runs;
  std::vector<std::string> problems;  // what must never be
  bool ended = false;
};

class World {
 public:
  World(const std::map<std::string, Playbook>& playbooks, const Fate& fate, std::mt19937_64& random);

  // Opens the incident and goes on until the first run is over, or `inputs` have been given.
  void play(std::size_t inputs);
  void stop();  // cancels the run, or closes its incident
  void check_end();

  Observed seen;

 private:
  struct Message {
    std::string kind;
    Json body;
    std::string actor;
  };

  void install(const Playbook& playbook);
  void input(const std::string& kind, Json body, const std::string& actor = "firebreak");
  void command(const std::string& actor, const std::string& name, JsonObject args) { input("command", JsonObject{{"name", name}, {"args", std::move(args)}}, actor); }
  std::vector<Draft> others(const Entry& entry) const;  // what other rooms decide
  void note(const Entry& entry, const std::map<std::string, playbook::Run>& before);
  void once(bool quiet);
  std::vector<Message> answers();
  std::optional<Message> answer_to(const playbook::Run& run, std::uint64_t index, const playbook::Activation& open);
  Message reply(const std::string& id, Try result, const Step& step, const std::string& path) const;
  void crash();
  std::uint64_t below(std::uint64_t end) { return random_() % end; }

  const Fate fate_;
  std::mt19937_64& random_;
  const std::map<std::string, const Step*> steps_;
  const std::map<std::string, std::string> ways_;
  std::map<std::string, std::string> short_of_;      // long id -> short
  playbook::PlaybookState state_;
  std::vector<Entry> entries_;
  Time now_{1'772'850'000 * kSecond};
  std::string incident_, first_run_;
  std::map<std::uint64_t, std::string> paths_;       // activation -> path
  std::map<std::string, std::string> run_paths_;
  std::map<std::string, int> times_;
  std::set<std::string> tasks_;                      // asked of people and not done
  std::map<std::string, std::string> digests_;       // approval -> what it is of
  std::vector<std::pair<std::uint64_t, Message>> late_;  // may be given once this activation is over
  std::vector<Message> given_;                       // may be given again
};

}  // namespace firebreak::reference
