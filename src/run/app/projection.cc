#include "run/app/projection.h"

namespace firebreak::app {
namespace {

constexpr std::size_t kPiece = 2'000;  // entries of one transaction

}  // namespace

void Projection::wake() {
  if (!queued_.exchange(true)) thread_.post([this] { catch_up(); });
}

void Projection::wait_idle() const { thread_.wait_idle(); }

void Projection::catch_up() {
  queued_.store(false);
  while (views_.next_index() < journal_.size()) {
    const auto entries = journal_.entries(views_.next_index(), kPiece);
    if (!entries) return logger_.error("the views cannot read the journal", entries.error());
    if (auto applied = views_.apply(*entries); !applied)
      return logger_.error("the views cannot take journal entries", applied.error());
  }
}

}  // namespace firebreak::app
