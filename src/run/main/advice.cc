#include "run/main/advice.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

#include "base/near.h"

namespace firebreak::cli {
namespace {

struct Advice {
  Code code;
  std::string_view has;  // in the message; the first row that fits counts
  std::string_view next;
};

constexpr Advice kAdvice[] = {
    {Code::kUnauthorized, "is not known", "Look at FIREBREAK_TOKEN; an admin makes a token: firebreak token add USER"},
    {Code::kUnauthorized, "expired", "An admin makes a new one: firebreak token add USER"},
    {Code::kForbidden, "needs the role", "Somebody with that role must do it; an admin adds people: firebreak user add NAME --role ROLE"},
    {Code::kForbidden, "your role", "Somebody with such a role must do it; an admin adds people: firebreak user add NAME --role ROLE"},
    {Code::kForbidden, "send: ", "The store refuses these credentials: compare access_key_id, the secret and the bucket's policy"},
    {Code::kForbidden, "restore: ", "The store refuses these credentials: compare access_key_id, the secret and the bucket's policy"},
    {Code::kForbidden, "", "Another person must do this"},
    {Code::kNotFound, "there is no incident", "firebreak incident list shows them"},
    {Code::kNotFound, "there is no finding", "firebreak finding list shows them"},
    {Code::kNotFound, "there is no action", "firebreak action list shows them"},
    {Code::kNotFound, "there is no evidence", "firebreak evidence list shows it"},
    {Code::kNotFound, "there is no release", "firebreak release list shows them"},
    {Code::kNotFound, "there is no user", "An admin adds people: firebreak user add NAME --role ROLE"},
    {Code::kNotFound, "there is no endpoint", "firebreak status names them; firebreak onboard NAME takes one up"},
    {Code::kNotFound, "no stream has a decision", "Ids are those of the requests; a gateway delivers what it recorded within a second"},
    {Code::kNotFound, "names no evidence", "firebreak evidence list shows what was captured"},
    {Code::kNotFound, "no log", "Name a data folder, or a copy of one, with --data"},
    {Code::kNotFound, "No such file", "Check the name; what a configuration names is relative to its own folder"},
    {Code::kBusy, "is locked", "Another server uses this folder: stop it, or name another with --data"},
    {Code::kConflict, "the amendment has", "firebreak amendment show AMEND prints the digest and what it stands for; look at that before you approve it"},
    {Code::kConflict, "the proposal has", "firebreak detectors list prints the digest that stands now; look at what it would change before you approve it"},
    {Code::kConflict, "the action has", "firebreak action show ACT prints the digest that stands now; look at the measure before you approve it"},
    {Code::kConflict, "the request has", "firebreak request list prints the digest and what it stands for; look at that before you approve it"},
    {Code::kConflict, "you approve digest", "firebreak standing show STANDING prints the digest that stands now; look at what it covers before you approve it"},
    {Code::kInvalid, "of a bundle's MANIFEST.sha256", "firebreak evidence show EVIDENCE prints an item's digest; sha256sum MANIFEST.sha256 a bundle's"},
    {Code::kConflict, "compare what you give with it", "firebreak evidence show EVIDENCE prints the digest that was recorded; if what you hold has another, do not hand it over"},
    {Code::kInvalid, "is the SHA-256 of the", "sha256sum FILE prints it, of the file as it was read or sealed"},
    {Code::kInvalid, "made with another key", "Bring the keys folder back from your key backup; without it the log can be verified, not continued"},
    {Code::kInvalid, "made without", "Bring the keys folder back from your key backup; without it the log can be verified, not continued"},
    {Code::kInvalid, "Table with name", "Tables are the kinds of records that a stream has, as \"STREAM\".inference; firebreak archive list names the streams"},
    {Code::kUnavailable, "no DuckDB library", "docs/operations.md, \"Ask the records\""},
    {Code::kUnavailable, "send: ", "Check 'url' and 'tls_ca_file' of the part 'store', and the network; done again, it goes on where it was"},
    {Code::kUnavailable, "restore: ", "Check 'url' and 'tls_ca_file' of the part 'store', and the network; what was restored so far is to be removed"},
    {Code::kUnavailable, "onnect", "Is the server running? 'firebreak doctor' looks; --url or FIREBREAK_URL names another"},
    {Code::kTimeout, "", "The server is busy or stuck: 'firebreak doctor' looks; the command may have been carried out, so look before you repeat it"},
    {Code::kBusy, "", "Try again in a second"},
    {Code::kIo, "Address already in use", "'ss -ltnp' says who has the port; choose another with --listen"},
    {Code::kIo, "Permission denied", "Run as the owner of the folder; 'firebreak doctor' names what is wrong with its rights"},
    {Code::kIo, "File exists", "There is a file of this name; name a folder with --data"},
    {Code::kIo, "Not a directory", "A file stands where a folder is expected; check the path"},
    {Code::kIo, "disk is full", "Make room; what was acknowledged is safe. 'firebreak doctor' says how much is free"},
    {Code::kIo, "No such file", "Check the path; 'firebreak serve --data DIR' makes a data folder"},
    {Code::kIo, "", "'firebreak doctor' looks at disk, rights and space"},
    {Code::kCorrupt, "a statement goes with a copy", "Ask anew with impact --bundle DIR, which keeps the statement and its files together"},
    {Code::kCorrupt, "its manifest names", "Compare with another copy; the server makes the archive anew when the stream's folder under archive/ is removed"},
    {Code::kCorrupt, "the statement", "Compare with another copy of the statement and of the archive"},
    {Code::kCorrupt, "is not what it was", "Receipts that producers kept say more: firebreak ledger verify --data DIR --receipt FILE"},
    {Code::kCorrupt, "the profile was changed", "Compare its digest with a copy's, or build it anew: firebreak profile build FILE -o PROFILE"},
    {Code::kCorrupt, "a sketch of the profile", "The tool that made it wrote it wrongly; build it anew: firebreak profile build FILE -o PROFILE"},
    {Code::kCorrupt, "ends in the middle", "The file was cut short: copy it anew from where it came"},
    {Code::kCorrupt, "does not unpack", "The file is damaged or no zstd: 'zstd -t FILE' says; copy it anew from where it came"},
    {Code::kCorrupt, "", "firebreak ledger verify --data DIR names the place; restore that log from a copy and keep this one as evidence"},
};

std::string nearest(const std::string& word, const std::vector<std::string>& known) {
  std::string best;
  std::size_t least = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string& each : known)
    if (const std::size_t d = edit_distance(word, each); d < least) {
      least = d;
      best = each;
    }
  return best;
}

std::vector<const CLI::App*> subcommands(const CLI::App& app) { return app.get_subcommands([](const CLI::App*) { return true; }); }

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

std::string advice_for(const Error& error) {
  if (error.message.find("firebreak ") != std::string::npos) return {};
  for (const Advice& row : kAdvice)
    if (row.code == error.code && error.message.find(row.has) != std::string::npos) return std::string(row.next);
  return {};
}

std::string usage_error(const CLI::App& app, const std::vector<std::string>& words, const std::string& parser_says) {
  const CLI::App* at = &app;
  std::string path = "firebreak";
  bool is_value = false;  // of the option before
  for (const std::string& word : words) {
    if (std::exchange(is_value, false)) continue;
    if (word.starts_with("-")) {
      std::vector<std::string> options;
      const std::string name = word.substr(0, word.find('='));
      for (const CLI::App* level = at; level != nullptr; level = level->get_parent())
        for (const CLI::Option* option : level->get_options())
          for (const std::string& known : option->get_lnames()) {
            options.push_back("--" + known);
            if (options.back() == name && name == word && option->get_items_expected_min() > 0) is_value = true;
          }
      if (std::find(options.begin(), options.end(), name) != options.end() || name == "-h") continue;
      const std::string near = nearest(name, options);
      return fmt::format("{} takes no option {}{} See: {} --help", path, name, near.empty() ? "." : fmt::format("; did you mean {}?", near), path);
    }
    const auto below = subcommands(*at);
    const auto found = std::find_if(below.begin(), below.end(), [&](const CLI::App* sub) { return sub->get_name() == word; });
    if (found != below.end()) {
      at = *found;
      path += " " + word;
      continue;
    }
    if (below.empty()) break;  // an argument of the command
    std::vector<std::string> names;
    for (const CLI::App* sub : below) names.push_back(sub->get_name());
    const std::string near = nearest(word, names);
    return fmt::format("there is no '{} {}'{} See: {} --help", path, word, near.empty() ? "." : fmt::format("; did you mean '{} {}'?", path, near), path);
  }
  const auto below = subcommands(*at);
  if (!below.empty()) {
    std::vector<std::string> names;
    for (const CLI::App* sub : below) names.push_back(sub->get_name());
    return fmt::format("'{}' needs one more word: {}", path, joined(names));
  }
  return fmt::format("{}: {}. See: {} --help", path, parser_says, path);
}

}  // namespace firebreak::cli
