// `firebreak completion bash`: a script with all commands and options, read off the tree that parses them.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "run/main/commands.h"

namespace firebreak::cli {
namespace {

// One line per command: "path|words that may follow it". Options are offered everywhere below the command
// they belong to, as the parser takes them there.
void add_lines(const CLI::App& app, const std::string& path, std::string inherited, std::string& lines) {
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) inherited += " --" + name;
  std::string words;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
    words += " " + sub->get_name();
  lines += fmt::format("    '{}') words='{}' ;;\n", path, (words + inherited).substr(1));
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
    add_lines(*sub, path.empty() ? sub->get_name() : path + " " + sub->get_name(), inherited, lines);
}

void add_paths(const CLI::App& app, const std::string& path, std::string& paths) {
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    const std::string below = path.empty() ? sub->get_name() : path + " " + sub->get_name();
    paths += fmt::format("    '{}'|\\\n", below);
    add_paths(*sub, below, paths);
  }
}

}  // namespace

int print_completion(const CLI::App& app) {
  std::string lines, paths;
  add_lines(app, "", "", lines);
  add_paths(app, "", paths);
  fmt::print(R"(# firebreak completion: source this file, or put it into /etc/bash_completion.d/firebreak
_firebreak() {{
  local path='' word words='' current="${{COMP_WORDS[COMP_CWORD]}}"
  # The words that are commands, in order; options and their values are passed over.
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case "${{path:+$path }}$word" in
{0}    '') path="${{path:+$path }}$word" ;;
    esac
  done
  case "$path" in
{1}  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -o default -F _firebreak firebreak
)",
             paths, lines);
  return kDone;
}

}  // namespace firebreak::cli
