// What to do next: one table for every error a person can meet on the command line, and the nearest word for a mistyped one.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace CLI {
class App;
}

namespace firebreak::cli {

// One sentence; empty when the message says it itself.
std::string advice_for(const Error& error);

// "there is no command 'statsu'; did you mean 'status'?": what is wrong with this command line, in words.
std::string usage_error(const CLI::App& app, const std::vector<std::string>& words, const std::string& parser_says);

}  // namespace firebreak::cli
