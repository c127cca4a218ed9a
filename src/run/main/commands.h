// The commands of the program, one function each; main.cc only parses the command line.
// Each prints its answer (text, or JSON with --json) and returns an exit code of client.h.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "run/main/client.h"

namespace CLI {
class App;
}

namespace firebreak::cli {

int print_completion(const CLI::App& app);  // a script for bash, to standard output

// Through a server.
int list(Client& client, const std::string& noun, int limit);  // incidents, findings, actions, evidence, models
int show(Client& client, const std::string& noun, const std::string& id, bool all);  // all: not one screen, everything
int give_command(Client& client, const std::string& name, const Json& args);
int status(Client& client);
int add_token(Client& client, const std::string& user, const std::string& out);  // prints it once, or into a 0600 file
int sign_in(Client& client, const std::string& user, std::int64_t minutes);  // prints a link that signs in once
int set_clock_rate(Client& client, const std::string& rate, const std::string& reason);
int replay_finding(Client& client, const std::string& id);  // exit code 1: it differs without a reason
int trace(Client& client, const std::string& id, const std::string& stream);
int performance(Client& client, const std::string& endpoint, const std::string& part);
int report(Client& client, const std::string& incident, const std::string& out, const std::string& player_file);
int ledger_of_server(Client& client);

struct ReleaseFiles {
  std::string endpoint, release, upstream, model, manifest, dataset, holdout, incident, trained_by;
};
int register_release(Client& client, const ReleaseFiles& release);  // uploads the files, then registers
int seal_holdout(Client& client, const std::string& endpoint, const std::string& file);  // its digest alone leaves
int put_endpoint(Client& client, const std::string& name, const std::string& file);

struct OnboardOptions {
  std::string name, numeric, categorical, positive;  // numeric, categorical: names with commas between
  std::string from, out;                       // an endpoint's file: to read, to write
  std::map<std::string, std::string> answers;  // by question (onboard_questions.h)
  bool yes = false;                            // ask nothing
};
int onboard(Client& client, const OnboardOptions& options);

struct IngestOptions {
  std::string endpoint, file, format = "auto", columns;
  bool skip_bad = false;
};
int ingest(Client& client, const IngestOptions& options);
int ingest_quietly(Client& client, const IngestOptions& options);  // says what it did where errors go

// On a data folder or a copy of it, without a server.
int ledger_list(const std::string& data, bool json);
struct VerifyOptions {
  std::string data, log;              // log: empty = all
  std::string exported;               // folder of an export, instead of data and log
  std::string pinned;                 // vkey
  std::vector<std::string> receipts;  // files
  std::vector<std::string> witnesses; // vkeys
  std::string ca_file;                // of the time-stamping authorities
};
int ledger_verify(const VerifyOptions& options, bool json);
int ledger_export(const std::string& data, const std::string& log, const std::string& out, bool json);
int ledger_prove(const std::string& data, const std::string& log, std::uint64_t index, const std::string& out,
                 bool json);
// `report`: folder with report.json and report.html to put into the bundle; empty = none.
int evidence_export(const std::string& data, const std::string& incident, const std::string& out,
                    const std::string& report, bool json);
int evidence_verify(const std::string& dir, const std::vector<std::string>& pinned, bool json);
// A completeness statement ('firebreak impact --prove') against the archive's files.
int statement_verify(const std::string& file, const std::string& archive_dir, const std::vector<std::string>& keys, bool json);
int backup(const std::string& data, const std::string& out, bool json);  // the keys
int evidence_send(const std::string& dir, const std::string& config, bool json);  // a bundle into the bucket; 1 when it is not locked there
struct RestoreOptions {
  std::string config;  // file with a part `store`
  std::string keys;    // folder of a key backup; empty: proofs only
  std::string out;
};
int restore(const RestoreOptions& options, bool json);  // 1 when something is missing or damaged
struct DoctorOptions;
int doctor(const DoctorOptions& options, bool json);  // 1 when something is red
int print_manual(const CLI::App& app);                // firebreak.1, to standard output

// Processes.
struct ServeOptions {
  std::string data = "firebreak-data";
  std::string config;
  std::string listen = "127.0.0.1:8440";
  std::string clock = "system";
  std::string exercise;  // a drill's declaration
  std::string events, events_format = "ocsf", preset;
  std::vector<std::string> accept_rollback;
  std::vector<std::string> host_names;
};
int serve(const ServeOptions& options);

struct GatewayCommand {
  std::string name = "gw-1";
  std::string data = "firebreak-gateway";
  std::string listen = "127.0.0.1:8441";
  std::string control = "127.0.0.1:8442";
  std::string control_token_file, server, server_token_file, pepper_file;
  std::string clock = "system";
};
int gateway(const GatewayCommand& options);

}  // namespace firebreak::cli
