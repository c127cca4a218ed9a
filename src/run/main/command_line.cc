#include "run/main/command_line.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>

#include "run/app/app.h"
#include "run/main/advice.h"

namespace firebreak::cli {
namespace {

constexpr const char* kExitHelp =
    "Exit codes: 0 done, 1 negative answer (not found, damaged, failed), 2 usage, 3 refused, 4 server unreachable.";

}  // namespace

CommandLine::CommandLine()
    : app_(std::make_unique<CLI::App>(
          "Firebreak carries an AI system through an incident, from the first signal to the proven recovery.")) {
  app_->require_subcommand(1);
  app_->fallthrough();
  app_->footer(kExitHelp);
  app_->set_version_flag("--version", "firebreak " + std::string(app::version()));
  app_->add_option("--url", words_.connection.url, "server (default FIREBREAK_URL, else http://127.0.0.1:8440)");
  app_->add_option("--token", words_.connection.token, "token (default FIREBREAK_TOKEN, else DIR/admin.token)");
  app_->add_option("--data", words_.data, "data folder");
  app_->add_option("--code", words_.connection.code, "your one-time code, where approving takes one");
  app_->add_flag("--json", words_.connection.json, "print JSON");
  add_processes();
  add_lists();
  add_incident();
  add_tasks();
  add_cases();
  add_casefile();
  add_asset();
  add_amendment();
  add_ticket();
  add_share();
  add_metrics();
  add_readiness();
  add_contain();
  add_action();
  add_standing();
  add_release();
  add_evidence();
  add_ledger();
  add_rest();
  add_taps();
  add_accounts();
  add_keeping();
  add_notify();
  add_remedy();
  add_archive();
  add_stats();
  add_profile();
  add_detect();
  add_rule();
  add_playbook();
  add_deadline();
  add_drill();
}

CommandLine::~CommandLine() = default;

int CommandLine::run(int argc, char** argv) {
  try {
    app_->parse(argc, argv);
  } catch (const CLI::CallForHelp& e) {
    return app_->exit(e);
  } catch (const CLI::CallForVersion& e) {
    return app_->exit(e);
  } catch (const CLI::ParseError& e) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    fmt::print(stderr, "firebreak: {}\n", usage_error(*app_, words, e.what()));
    return kUsage;
  }
  words_.connection.data = words_.data;
  if (offline_) return offline_();
  Client client(words_.connection);
  return chosen_(client);
}

CLI::App* CommandLine::noun(const std::string& name, const std::string& help) {
  CLI::App* sub = app_->add_subcommand(name, help);
  sub->require_subcommand(1);
  sub->fallthrough();
  return sub;
}

CLI::App* CommandLine::verb(CLI::App* parent, const std::string& name, const std::string& help, Run run) {
  CLI::App* sub = parent->add_subcommand(name, help);
  sub->fallthrough();
  sub->callback([this, run = std::move(run)] { chosen_ = run; });
  return sub;
}

CLI::App* CommandLine::offline(CLI::App* parent, const std::string& name, const std::string& help, std::function<int()> run) {
  CLI::App* sub = parent->add_subcommand(name, help);
  sub->fallthrough();
  sub->callback([this, run = std::move(run)] { offline_ = run; });
  return sub;
}

}  // namespace firebreak::cli
