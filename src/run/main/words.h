// Everything a command may be given, by family: what people typed, before anything is done with it. The tree that fills it
// is command_line.h. Words are shared between commands: a default set here is every command's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "run/main/commands.h"
#include "run/main/detect_table.h"
#include "run/main/drill_commands.h"

namespace firebreak::cli {

struct KeepingWords {
  std::string subject, text, reason, purpose;
  std::vector<std::string> streams;
  std::int64_t days = 0;
};

struct NotifyWords {
  std::string audience, rotation, contact, from, until, reason, how, card;
  std::vector<std::string> values;
  std::int64_t hours = 7 * 24;
};

struct RemedyWords {
  std::string scope, of, label, caller, from, to, replace, state, cursor, as, where, note, reference, format = "csv", list, file, key;
  std::vector<std::string> rows, sources;
  std::int64_t per_second = 0;
  bool open = false;
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

struct AccountWords {
  std::string user, name, review, verdict, text;
  std::vector<std::string> roles, scope;
  std::int64_t days = 90;
};

struct CasefileWords {
  std::string text, occurred, at, source, row, type, search, from, to, cursor, field, value, kind, name, position, unit, email, phone, location, organisation, framework, version, label,
      item, state, evidence, note, tlp, sign, document = "notes", file, other, role, to_user, acceptance, criticality, data_class, regulatory_role, last_known_good, fallback, kill_switch, tested, question;
  std::vector<std::string> findings;
  std::int64_t base = 0;
  double most = 0;
  bool by_occurrence = false;
};

struct ProfileWords {
  std::string file, second, rows, then_rows, like, out, feature, endpoint, from, constraints;
  std::vector<std::string> categorical;
  double level = 0.01;
  bool fail = false;
};

struct DeadlineWords {
  std::string regime, regimes, holidays, offset = "Z", stage, reference, evidence, at, until;
  std::vector<std::string> from, facts, stops, set;
  bool draft = false, no = false, record = false;
};

struct StandingWords {
  std::string covers, max_lease, until, hours, option, measure;
  std::vector<std::string> severities, people;
  std::int64_t uses = 0, max_callers = 0;
  bool incident = false;
};

struct MetricsWords {
  std::string since, endpoint, severity;
};

struct Words {
  Connection connection;
  KeepingWords keeping;
  NotifyWords notify;
  RemedyWords remedy;
  ArchiveWords archive;
  StatsWords stats;
  ProfileWords profile;
  DetectOptions detect;
  RuleWords rule;
  DeadlineWords deadline;
  DrillWords drill;
  PlaybookWords playbook;
  CaseWords cases;
  AccountWords account;
  CasefileWords casefile;
  MetricsWords metrics;
  StandingWords standing;
  ServeOptions serve;
  GatewayCommand gateway;
  ReleaseFiles release;
  OnboardOptions onboard;
  IngestOptions ingest;
  std::string id, text, endpoint, severity, title, template_name, summary, residual, digest, archive_dir, reason, option, incident, stream, log,
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

}  // namespace firebreak::cli
