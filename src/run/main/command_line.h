// The tree of commands that people type: nouns, verbs, options. What is done stands in commands.h; the *_words.cc files
// hold the words, a file per family.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "run/main/words.h"

namespace CLI {
class App;
}

namespace firebreak::cli {

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
  // account_words.cc
  void add_accounts();
  void add_users();
  void add_break_glass();
  // keeping_words.cc
  void add_keeping();
  // notify_words.cc
  void add_notify();
  // remedy_words.cc
  void add_remedy();
  // archive_words.cc
  void add_archive();
  // detect_words.cc
  void add_detect();
  // stats_words.cc
  void add_stats();
  // rule_words.cc
  void add_rule();
  // drill_words.cc
  void add_drill();
  // deadline_words.cc
  void add_deadline();
  // duty_words.cc
  void add_duties(CLI::App* root);
  void add_settling(CLI::App* root);
  // classify_words.cc
  void add_classify(CLI::App* root);
  // playbook_words.cc, run_words.cc
  void add_playbook();
  void add_runs(CLI::App* playbook);
  // profile_words.cc
  void add_profile();
  // incident_words.cc
  void add_incident();
  void add_contain();
  void add_tasks();  // task_words.cc
  void propose_verb(CLI::App* contain, const std::string& name, const std::string& help, std::function<Json()> measure,
                    const std::function<void(CLI::App*)>& options);
  void add_action();
  // metrics_words.cc, readiness_words.cc
  void add_metrics();
  void add_readiness();
  // standing_words.cc
  void add_standing();
  // case_words.cc
  void add_cases();
  void add_changes();
  void add_mutes();
  void add_backtest();
  void add_tuning();
  // casefile_words.cc
  void add_casefile();
  void add_timeline();
  void add_record();
  void add_relations();
  void add_lessons();
  void add_desk();
  void add_asset();
  // amendment_words.cc
  void add_amendment();
  // ticket_words.cc
  void add_ticket();
  // share_words.cc
  void add_share();
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
