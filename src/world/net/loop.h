// Inside of IoThreads: only for the .cc files of this room.
#pragma once

#include <atomic>
#include <memory>
#include <thread>

namespace boost::asio {
class io_context;
}

namespace firebreak::net {

struct Loop {
  Loop();
  ~Loop();
  std::unique_ptr<boost::asio::io_context> context;
  std::thread thread;
  std::atomic<bool> stopped{false};

  bool is_current() const;  // called from this loop's thread
};

}  // namespace firebreak::net
