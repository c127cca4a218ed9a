// `firebreak manual`: the manual page in man's own language, read off the tree that parses the commands, so that it cannot
// say anything else than the program does.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "run/main/commands.h"

namespace firebreak::cli {
namespace {

// A line that begins with a dot or quote, a backslash or a hyphen would be read as a command or a dash.
std::string roff(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') out += "\\e";
    else if (c == '-') out += "\\-";
    else if (c == '|') out += "|\\:";  // a line may end here: lists of words are long
    else out += c;
  }
  if (!out.empty() && (out.front() == '.' || out.front() == '\'')) out.insert(0, "\\&");
  return out;
}

std::string synopsis(const CLI::App& app) {
  std::string text;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_lnames().empty()) {
      if (!option->get_name().empty()) text += fmt::format(" {}", roff(option->get_name()));
    } else if (option->get_required()) {
      text += fmt::format(" {} {}", roff("--" + option->get_lnames().front()), option->get_type_size() == 0 ? "" : "VALUE");
    }
  }
  return text;
}

void add_options(const CLI::App& app, std::string& out) {
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_lnames().empty() || option->get_lnames().front() == "help") continue;
    out += fmt::format(".RS\n.TP\n.B {}\n{}\n.RE\n", roff("--" + option->get_lnames().front()),
                       option->get_description().empty() ? "needed" : roff(option->get_description()));
  }
}

void add_commands(const CLI::App& app, const std::string& path, std::string& out) {
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    const std::string name = path.empty() ? sub->get_name() : path + " " + sub->get_name();
    if (sub->get_subcommands([](const CLI::App*) { return true; }).empty()) {
      out += fmt::format(".TP\n.B {}{}\n{}\n", roff(name), synopsis(*sub), roff(sub->get_description()));
      add_options(*sub, out);
    }
    add_commands(*sub, name, out);
  }
}

}  // namespace

int print_manual(const CLI::App& app) {
  std::string commands, options;
  add_commands(app, "", commands);
  add_options(app, options);
  fmt::print(".TH FIREBREAK 1\n.ad l\n.SH NAME\nfirebreak \\- incident response for AI models in production\n"
             ".SH SYNOPSIS\n.B firebreak\n.I NOUN VERB\n[options]\n"
             ".SH DESCRIPTION\n{}\n.SH OPTIONS OF EVERY COMMAND\n{}.SH COMMANDS\n{}"
             ".SH EXIT STATUS\n0 done, 1 negative answer (not found, damaged, failed), 2 usage, 3 refused, 4 server unreachable.\n"
             ".SH ENVIRONMENT\n.TP\n.B FIREBREAK_URL\nthe server\n.TP\n.B FIREBREAK_TOKEN\nthe token\n"
             ".SH FILES\n/etc/firebreak/firebreak.yaml, /var/lib/firebreak, /var/lib/firebreak\\-gateway\n",
             roff(app.get_description()), options, commands);
  return kDone;
}

}  // namespace firebreak::cli
