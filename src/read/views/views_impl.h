// The inside of Views. Included by its sources only.
#pragma once

#include <condition_variable>
#include <mutex>

#include "read/views/store.h"
#include "read/views/views.h"

namespace firebreak::views {

Result<std::int64_t> parse_cursor(const std::string& cursor);

struct Views::Impl {
  mutable std::mutex mutex;
  mutable std::condition_variable applied;
  Database database;
  mutable Store store;
  std::uint64_t next = 0;
  Result<void> health;

  Impl(Database opened, Store tables) : database(std::move(opened)), store(std::move(tables)) {}

  Result<void> commit(std::span<const Entry> entries);
  Result<Json> list(std::string_view kind, const Page& page, const Filter& filter,
                    void (*trim)(JsonObject&)) const;
};

}  // namespace firebreak::views
