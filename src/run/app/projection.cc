#include "run/app/projection.h"

#include <future>

namespace firebreak::app {
namespace {

// Entries of one transaction. Who reads waits for its end, so it is short; far behind, what matters is to come to the end.
constexpr std::size_t kPiece = 2'000;
constexpr std::size_t kWords = 200;  // rows of one transaction
constexpr std::uint64_t kFarBehind = 5 * views::Views::kLargePiece;

}  // namespace

void Projection::wake() {
  if (!queued_.exchange(true)) thread_.post([this] { catch_up(); });
}

void Projection::wait_idle() const { thread_.wait_idle(); }

void Projection::catch_up() {
  queued_.store(false);
  catch_up_from_afar();
  while (!stopping_ && views_.next_index() < journal_.size()) {
    const auto entries = journal_.entries(views_.next_index(), kPiece);
    if (!entries) return logger_.error("the views cannot read the journal", entries.error());
    if (auto applied = views_.apply(*entries); !applied)
      return logger_.error("the views cannot take journal entries", applied.error());
  }
  take_words();
}

// The words of timelines, for the search; new entries go before them.
void Projection::take_words() {
  while (!stopping_) {
    const auto taken = views_.take_words(kWords, [this](const std::string& reference) { return texts_.shown(reference); });
    if (!taken) return logger_.error("the search cannot take a timeline's rows", taken.error());
    if (*taken == 0) return;
    if (views_.next_index() < journal_.size()) return wake();
  }
}

// The next piece is read while this one is applied.
void Projection::catch_up_from_afar() {
  std::uint64_t at = views_.next_index();
  if (journal_.size() < at + kFarBehind) return;
  const auto read = [this](std::uint64_t from) { return std::async(std::launch::async, [this, from] { return journal_.entries(from, views::Views::kLargePiece); }); };
  for (auto next = read(at); !stopping_ && journal_.size() >= at + kFarBehind;) {
    const auto entries = next.get();
    if (!entries || entries->empty()) return;  // the ordinary way says what is wrong
    at += entries->size();
    next = read(at);
    if (!views_.apply(*entries)) return;
  }
}

}  // namespace firebreak::app
