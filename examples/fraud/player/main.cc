// Plays the fraud story against a running installation, through its public interfaces only.
//
//   fraud_player [--prepare | --people | --attack | --sabotage] --server URL --gateway URL --models URL --server-data DIR
//                --pepper FILE --data DIR --state DIR [--patience SECONDS] [--client COMMAND]
//
// --prepare makes the tokens and keys that the other processes need, --people adds the users; --attack and --sabotage do what drills.h says to a
// story that runs. --patience: seconds that each decision waits for a person; 0 none, -1 for ever. Exit code 0: every
// stage was reached, or what was asked for was done.
#include <fmt/core.h>

#include <cstdlib>
#include <map>

#include "base/files.h"
#include "fraud/player/drills.h"
#include "fraud/player/player.h"

namespace firebreak::example {
namespace {

using Options = std::map<std::string, std::string>;

int fail_with(const Error& error) {
  fmt::print(stderr, "fraud_player: {}{}\n", error.message, error.pointer.empty() ? "" : " (at " + error.pointer + ")");
  return 1;
}

std::string option(const Options& options, const std::string& name, const std::string& otherwise = "") {
  const auto found = options.find(name);
  return found == options.end() ? otherwise : found->second;
}

int done(const Result<void>& result) { return result ? 0 : fail_with(result.error()); }

Result<void> prepare(const Places& places) {
  PosixFiles files;
  FIREBREAK_TRY(files.make_dir(places.state));
  for (const std::string_view who : {"ana", "ben", "ana-script", "ben-script", "gateway", "loader"})
    FIREBREAK_TRY(token_in(fmt::format("{}/{}.token", places.state, who)));
  return {};
}

int run(const Options& options) {
  const Places places{option(options, "--server"),      option(options, "--gateway"), option(options, "--models"),
                      option(options, "--server-data"), option(options, "--pepper"),  option(options, "--data"),
                      option(options, "--state")};
  if (options.contains("--prepare")) return done(prepare(places));
  if (options.contains("--people")) {
    const auto people = set_up_people(places);
    return people ? 0 : fail_with(people.error());
  }
  if (options.contains("--attack")) return done(attack_again(places));
  if (options.contains("--sabotage")) return done(sabotage(places));
  Player player(places, {std::atoi(option(options, "--patience", "0").c_str()), option(options, "--client", "firebreak")});
  const auto played = player.run();
  if (auto written = player.write_figures(); !written) (void)fail_with(written.error());
  fmt::print("\nStages\n{}", player.stages().text());
  if (!played) return fail_with(played.error());
  return player.stages().all() ? 0 : 1;
}

}  // namespace
}  // namespace firebreak::example

int main(int argc, char** argv) {
  firebreak::example::Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--prepare" || name == "--people" || name == "--attack" || name == "--sabotage") {
      options[name] = "yes";
    } else if (i + 1 < argc) {
      options[name] = argv[++i];
    }
  }
  if (!options.contains("--state")) {
    fmt::print(stderr, "usage: fraud_player [--prepare | --people | --attack | --sabotage] --server URL --gateway URL --models URL "
                       "--server-data DIR --pepper FILE --data DIR --state DIR [--patience SECONDS] [--client COMMAND]\n");
    return 2;
  }
  return firebreak::example::run(options);
}
