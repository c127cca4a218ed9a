#include "run/app/events_file.h"

#include <fmt/core.h>

#include <algorithm>

namespace firebreak::app {
namespace {

constexpr std::size_t kPiece = 1'000;                 // entries at a time
constexpr std::size_t kLongestLine = 1 << 20;         // a line names at most 100 findings; read back from the end

std::string sibling_of(const std::string& path) { return path + ".position"; }

Result<std::uint64_t> position_in(Files& files, const std::string& path) {
  const std::string sibling = sibling_of(path);
  if (!exists(files, sibling)) return 0;
  FIREBREAK_ASSIGN(const Bytes text, read_all(files, sibling));
  const auto document = parse_json(text);
  const Json* next = document ? find(*document, "next") : nullptr;
  if (next == nullptr || !next->is_number() || next->to_number<double>() < 0)
    return fail(Code::kCorrupt, fmt::format("{} does not say where to go on; remove it to go on behind the last line of {}", sibling, path));
  return next->to_number<std::uint64_t>();
}

struct End {
  std::uint64_t size = 0;  // of whole lines
  std::uint64_t next = 0;  // behind the entry of the last one
};

Result<End> end_of(const File& file) {
  FIREBREAK_ASSIGN(const std::uint64_t size, file.size());
  const std::uint64_t from = size - std::min<std::uint64_t>(size, kLongestLine);
  FIREBREAK_ASSIGN(const Bytes tail, file.read_at(from, static_cast<std::size_t>(size - from)));
  const std::string_view text(tail);
  const std::size_t last = text.rfind('\n');
  if (last == std::string_view::npos) return End{from == 0 ? 0 : size, 0};
  const std::size_t before = last == 0 ? std::string_view::npos : text.rfind('\n', last - 1);
  const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
  const auto index = events::index_of_line(text.substr(begin, last - begin));
  return End{from + last + 1, index ? *index + 1 : 0};
}

}  // namespace

EventsFile::EventsFile(Files& files, std::string path, events::Format format, const journal::Journal& journal, Logger& logger, std::string version,
                       events::Meanings meanings)
    : files_(files), path_(std::move(path)), journal_(journal), logger_(logger), lines_(format, std::move(version), std::move(meanings)) {}

Result<std::unique_ptr<EventsFile>> EventsFile::open(Files& files, const std::string& path, events::Format format, const journal::Journal& journal,
                                                     Logger& logger, std::string version, events::Meanings meanings) {
  auto made = std::unique_ptr<EventsFile>(new EventsFile(files, path, format, journal, logger, std::move(version), std::move(meanings)));
  FIREBREAK_ASSIGN(std::uint64_t next, position_in(files, path));
  FIREBREAK_TRY(made->open_file());
  FIREBREAK_ASSIGN(const End end, end_of(*made->file_));
  next = std::max(next, end.next);
  if (const std::uint64_t size = journal.size(); next > size) {  // an operator went on with a journal that was cut back
    logger.error("the events file is ahead of the journal", Error{Code::kConflict, fmt::format("{} tells of {} entries, the journal has {}", path, next, size), {}, 0});
    next = size;
  }
  made->next_.store(next);
  made->wake();
  return made;
}

Result<void> EventsFile::open_file() {
  auto opened = files_.open(path_, OpenMode::kWrite);
  if (!opened) return fail(std::move(opened.error()).with("--events"));
  FIREBREAK_ASSIGN(const End end, end_of(**opened));
  FIREBREAK_ASSIGN(const std::uint64_t size, (*opened)->size());
  if (end.size < size) FIREBREAK_TRY((*opened)->truncate(end.size));  // torn by a crash
  file_ = std::move(*opened);
  size_ = end.size;
  return {};
}

void EventsFile::wake() {
  if (!queued_.exchange(true)) thread_.post([this] { catch_up(); });
}

void EventsFile::reopen() {
  thread_.post([this] {
    if (auto done = write_pending(); !done) logger_.error("events wait for their file", done.error());
    if (auto opened = open_file(); !opened) logger_.error("the events file cannot be opened again; the old one is written on", opened.error());
  });
  wake();
}

// The file first, then the sibling: a crash between them is told by the last line.
Result<void> EventsFile::write_pending() {
  if (!pending_.empty()) {
    FIREBREAK_ASSIGN(const std::uint64_t size, file_->size());
    size_ = std::min(size_, size);  // cut to nothing by who rotates it
    FIREBREAK_TRY(file_->write_at(size_, pending_));
    FIREBREAK_TRY(file_->sync());
    size_ += pending_.size();
    pending_.clear();
  }
  if (next_.load() >= read_) return {};
  FIREBREAK_TRY(write_atomic(files_, sibling_of(path_), fmt::format("{{\"next\":{}}}\n", read_)));
  next_.store(read_);
  return {};
}

void EventsFile::catch_up() {
  queued_.store(false);
  while (true) {
    if (auto done = write_pending(); !done) return logger_.error("events wait for their file", done.error());
    const std::uint64_t size = journal_.size();
    if (read_ >= size) return;
    const auto entries = journal_.entries(read_, std::min<std::uint64_t>(kPiece, size - read_));
    if (!entries) return logger_.error("events cannot be read from the journal", entries.error());
    const std::uint64_t next = next_.load();
    for (const Entry& entry : *entries) {
      const auto line = lines_.next(entry);
      if (line && entry.index >= next) pending_ += *line + "\n";
      read_ = entry.index + 1;
    }
  }
}

}  // namespace firebreak::app
