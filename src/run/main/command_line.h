// The tree of commands that people type: nouns, verbs, options. What is done stands in commands.h; the *_words.cc files
// hold the words, a file per family.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "run/main/commands.h"
#include "run/main/detect_table.h"

namespace CLI {
class App;
}

namespace firebreak::cli {

struct KeepingWords {
  std::string subject, text, reason, purpose;
  std::vector<std::string> streams;
  std::int64_t days = 0;
};

struct ArchiveWords {
  std::string sql, stream, release, caller, from, to, format = "table", out, prove, bundle;
  bool as_is = false, open = false;
};

struct StatsWords {
  std::string reference, reference_rows, reference_where, current, current_rows, current_where, column, kind = "numeric", file, rows, detector;
  std::uint64_t clock = 32;
  std::uint32_t permutations = 0;
  double threshold = 50;
};

struct RuleWords {
  std::string path, events, category, id;
  std::vector<std::string> endpoints;
  bool none = false;
};

struct PlaybookWords {
  std::string file, second, out, profile = "strict-cs01", id, incident, key, signee, identity, from = "nist", name, version, step, reason, state, digest, note;
  bool svg = false, failed = false, status = false;
  std::vector<std::string> keys, set;
};

struct CaseWords {
  std::string verdict, duplicate_of, kind, rule, from, to, config, open;
  std::string since;  // of a backtest: it has a default, and `from` none
};

struct ProfileWords {
  std::string file, second, rows, then_rows, like, out, feature, endpoint, from, constraints;
  std::vector<std::string> categorical;
  double level = 0.01;
  bool fail = false;
};

struct DeadlineWords {
  std::string regime, regimes, holidays, offset = "Z";
  std::vector<std::string> from, facts, stops;
  bool draft = false;
};

struct Words {  // everything a command may be given
  Connection connection;
  KeepingWords keeping;
  ArchiveWords archive;
  StatsWords stats;
  ProfileWords profile;
  DetectOptions detect;
  RuleWords rule;
  DeadlineWords deadline;
  PlaybookWords playbook;
  CaseWords cases;
  ServeOptions serve;
  GatewayCommand gateway;
  ReleaseFiles release;
  OnboardOptions onboard;
  IngestOptions ingest;
  std::string id, text, endpoint, severity, title, summary, residual, digest, archive_dir, reason, option, incident, stream, log,
      pinned, exported, ca_file, keys_dir, out, report_dir, file, player, caller_list, release_name, measure_file;
  std::vector<std::string> callers, keys, items, receipts, witnesses;
  std::string data, span;
  double per_minute = 60, burst = 10, low = 0, high = 0;
  std::int64_t lease_minutes = 240, minutes = 15;
  std::uint64_t index = 0;
  int limit = 50;
  bool all = false;
  std::string scope = "caller", part = "summary", role, user, owner, task, now, likely, recoverability;
};

class CommandLine {
 public:
  CommandLine();
  ~CommandLine();

  // Parses, does what was asked, returns the exit code (client.h).
  int run(int argc, char** argv);

 private:
  using Run = std::function<int(Client&)>;

  CLI::App* noun(const std::string& name, const std::string& help);
  CLI::App* verb(CLI::App* parent, const std::string& name, const std::string& help, Run run);  // asks a server
  CLI::App* offline(CLI::App* parent, const std::string& name, const std::string& help, std::function<int()> run);
  std::string data_or(const std::string& fallback) const { return words_.data.empty() ? fallback : words_.data; }

  // server_words.cc
  void add_processes();
  void add_lists();
  void add_rest();
  void add_taps();
  // keeping_words.cc
  void add_keeping();
  // archive_words.cc
  void add_archive();
  // detect_words.cc
  void add_detect();
  // stats_words.cc
  void add_stats();
  // rule_words.cc
  void add_rule();
  // deadline_words.cc
  void add_deadline();
  // playbook_words.cc, run_words.cc
  void add_playbook();
  void add_runs(CLI::App* playbook);
  // profile_words.cc
  void add_profile();
  // incident_words.cc
  void add_incident();
  void add_contain();
  void propose_verb(CLI::App* contain, const std::string& name, const std::string& help, std::function<Json()> measure,
                    const std::function<void(CLI::App*)>& options);
  void add_action();
  // case_words.cc
  void add_cases();
  void add_changes();
  void add_mutes();
  void add_backtest();
  void add_tuning();
  // release_words.cc
  void add_release();
  void add_evidence();
  void add_ledger();

  std::unique_ptr<CLI::App> app_;
  Words words_;
  Run chosen_;
  std::function<int()> offline_;
  CLI::App* incident_ = nullptr;
  CLI::App* finding_ = nullptr;
  CLI::App* action_ = nullptr;
  CLI::App* evidence_ = nullptr;
  CLI::App* release_ = nullptr;
};

}  // namespace firebreak::cli
