#include "world/gateway/first_seen.h"

#include <charconv>

namespace firebreak::gateway {

// One line per caller: "<microseconds> <name>\n". Names are the operator's (is_name or close), never raw keys.
Result<std::unique_ptr<FirstSeen>> FirstSeen::open(Files& files, const Path& path, std::size_t max_callers) {
  FIREBREAK_ASSIGN(auto file, files.open(path, OpenMode::kWrite));
  FIREBREAK_ASSIGN(const std::uint64_t size, file->size());
  FIREBREAK_ASSIGN(const Bytes text, file->read_at(0, static_cast<std::size_t>(size)));
  std::unique_ptr<FirstSeen> out(new FirstSeen(std::move(file), max_callers));
  std::size_t at = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', at)) {
    const std::string_view line = std::string_view(text).substr(at, end - at);
    at = end + 1;
    const std::size_t space = line.find(' ');
    Time time;
    if (space == std::string_view::npos || out->seen_.size() >= max_callers) continue;
    if (std::from_chars(line.data(), line.data() + space, time.us).ec != std::errc()) continue;
    out->seen_.emplace(std::string(line.substr(space + 1)), time);
  }
  out->end_ = at;  // a torn last line is written over
  FIREBREAK_TRY(out->file_->truncate(at));
  return out;
}

Time FirstSeen::remember(const std::string& caller, Time now) {
  {
    const std::shared_lock lock(mutex_);
    const auto it = seen_.find(caller);
    if (it != seen_.end()) return it->second;
  }
  const std::unique_lock lock(mutex_);
  const auto it = seen_.find(caller);
  if (it != seen_.end()) return it->second;
  if (seen_.size() >= max_) return now;
  seen_.emplace(caller, now);
  const std::string line = std::to_string(now.us) + " " + caller + "\n";
  if (file_->write_at(end_, line)) end_ += line.size();
  return now;
}

std::size_t FirstSeen::size() const {
  const std::shared_lock lock(mutex_);
  return seen_.size();
}

}  // namespace firebreak::gateway
