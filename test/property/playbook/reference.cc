#include "reference.h"

#include <utility>

namespace firebreak::reference {
namespace {

std::uint64_t mix(std::uint64_t seed, const std::string& text) {  // FNV-1a, then splitmix64's finish
  std::uint64_t hash = 14695981039346656037ULL ^ seed;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9ULL;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebULL;
  return hash ^ (hash >> 31);
}

class Interpreter {
 public:
  Interpreter(const std::map<std::string, Playbook>& playbooks, const Fate& fate) : playbooks_(playbooks), fate_(fate) {}

  bool run(const std::string& id, const std::string& path) {
    const Playbook& playbook = playbooks_.at(id);
    const std::string caller = std::exchange(run_, path);
    const std::string* way = &playbook.first->id;
    bool exceptional = false;
    const Step* step = playbook.first.get();
    bool good = true;
    while (step != nullptr) {
      good = execute(*step, path, *way);
      const Step* next = follow(*step, good);
      if (next == nullptr && !good && playbook.exception && !exceptional) {
        exceptional = true;
        next = playbook.exception.get();
        way = &next->id;
      }
      step = next;
    }
    run_ = caller;
    const bool success = good && !exceptional;
    out.runs[path] = success ? "success" : "failure";
    return success;
  }

  Expected out;

 private:
  static const Step* follow(const Step& step, bool good) { return good ? step.next.get() : step.failure.get(); }

  bool branch(const Step* step, const std::string& path) {
    const std::string& way = step->id;
    bool good = true;
    for (; step != nullptr; step = follow(*step, good)) good = execute(*step, path, way);
    return good;
  }

  bool execute(const Step& step, const std::string& parent, const std::string& way) {
    const std::string key = parent + "/" + step.id;
    const std::string path = key + "#" + std::to_string(times_[key]++);
    out.starts[parent + "@" + way].push_back(step.id);
    bool good = body(step, path);
    std::string outcome = good ? "success" : "failure";
    if (step.silent) outcome = "timeout";
    if (step.hangs) outcome = "cancelled";
    if (step.expires_ms > 0) {
      outcome = "timeout";
      out.cut.push_back(path);
    }
    out.outcomes[path] = outcome;
    return outcome == "success";
  }

  bool body(const Step& step, const std::string& path) {
    switch (step.kind) {
      case Kind::kEnd: return true;
      case Kind::kManual:
      case Kind::kOptions:
      case Kind::kGet:
      case Kind::kPost: return action(step, path);
      case Kind::kCall: return run(step.calls, path);
      case Kind::kParallel: {
        bool all = true;
        for (const StepPtr& one : step.branches) all &= branch(one.get(), path);
        return all;
      }
      case Kind::kIf:
        if (step.value == "1") return branch(step.branches[0].get(), path);
        return step.branches.size() < 2 || branch(step.branches[1].get(), path);
      case Kind::kSwitch: {
        for (const std::string& wanted : {step.value, std::string("default")})
          for (std::size_t i = 0; i < step.cases.size(); ++i)
            if (!wanted.empty() && step.cases[i] == wanted) return branch(step.branches[i].get(), path);
        return false;  // what no case was written for must not look done
      }
      case Kind::kWhile: return loop(step, path);
    }
    return false;
  }

  bool loop(const Step& step, const std::string& path) {
    const std::string variable = run_ + step.variable;
    const auto value = [&] { return variables_.contains(variable) ? variables_[variable] : step.value; };
    std::string goes_on = value();
    for (int round = 0; goes_on == "yes"; ++round) {
      if (round == step.bound) return false;
      if (!branch(step.branches[0].get(), path)) return false;
      goes_on = value();
    }
    return true;
  }

  bool action(const Step& step, const std::string& path) {
    if (step.approvers > 0 && (step.silent_people || !fate_.yes(path))) return false;
    if (step.silent || step.hangs) return false;
    for (int unit = 0; unit < step.units; ++unit)
      if (!command(step, path, unit)) return false;
    if (!step.gives.empty()) variables_[run_ + step.gives] = fate_.value(path);
    return true;
  }

  // People's no is no failure to be tried again; what must not happen twice is tried again only when it never left.
  bool command(const Step& step, const std::string& path, int unit) {
    for (int attempt = 1; attempt <= step.attempts; ++attempt) {
      const Try result = fate_.attempt(path, unit, attempt);
      if (result == Try::kDone) return true;
      if (step.kind == Kind::kManual || (step.kind == Kind::kPost && result != Try::kUnsent)) return false;
    }
    return false;
  }

  const std::map<std::string, Playbook>& playbooks_;
  const Fate& fate_;
  std::map<std::string, int> times_;
  std::string run_;                               // path of the run
  std::map<std::string, std::string> variables_;  // path of the run and name; each is set and read by one loop alone
};

}  // namespace

Try Fate::attempt(const std::string& path, int unit, int attempt) const {
  const std::uint64_t dice = mix(seed, path + "!" + std::to_string(unit) + "!" + std::to_string(attempt)) % 20;
  return dice < 15 ? Try::kDone : dice < 17 ? Try::kRefused : dice < 19 ? Try::kUnsent : Try::kUnknown;
}
bool Fate::yes(const std::string& path) const { return mix(seed, path + "?") % 4 != 0; }
std::string Fate::value(const std::string& path) const { return mix(seed, path + "=") % 3 == 0 ? "no" : "yes"; }

Expected expect(const std::map<std::string, Playbook>& playbooks, const std::string& first, const Fate& fate) {
  Interpreter interpreter(playbooks, fate);
  interpreter.run(first, "");
  return std::move(interpreter.out);
}

bool is_cut(const Expected& expected, const std::string& path) {
  for (const std::string& cut : expected.cut)
    if (path.size() > cut.size() && path.starts_with(cut) && path[cut.size()] == '/') return true;
  return false;
}

}  // namespace firebreak::reference
