// The lines of a file of records, or of standard input ("-"); lines of blanks alone are passed over.
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <deque>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace firebreak::cli {

// Movable; one owner.
class Lines {
 public:
  static Result<Lines> open(const std::string& path) {
    Lines lines;
    lines.name_ = path == "-" ? "standard input" : path;
    if (path == "-") return lines;
    lines.file_ = std::make_unique<std::ifstream>(path, std::ios::binary);
    if (!*lines.file_) return fail(Code::kNotFound, fmt::format("{} cannot be read; name a file, or '-' for standard input", path));
    return lines;
  }
  bool next(std::string& line) {
    if (ahead_.empty()) return read(line, number_);
    number_ = ahead_.front().number;
    line = std::move(ahead_.front().text);
    ahead_.pop_front();
    return true;
  }
  // The first lines, at most `count` of them; next() still gives them out.
  std::vector<std::string> head(std::size_t count) {
    std::vector<std::string> first;
    for (Line line{"", number_}; first.size() < count && read(line.text, line.number); ahead_.push_back(line)) first.push_back(line.text);
    return first;
  }
  std::uint64_t number() const { return number_; }
  const std::string& name() const { return name_; }

 private:
  struct Line {
    std::string text;
    std::uint64_t number = 0;
  };
  bool read(std::string& line, std::uint64_t& number) {
    while (std::getline(file_ ? static_cast<std::istream&>(*file_) : std::cin, line)) {
      ++number;
      if (!line.empty() && line.back() == '\r') line.pop_back();
      if (line.find_first_not_of(" \t") != std::string::npos) return true;
    }
    return false;
  }

  std::string name_;
  std::unique_ptr<std::ifstream> file_;
  std::deque<Line> ahead_;
  std::uint64_t number_ = 0;
};

}  // namespace firebreak::cli
