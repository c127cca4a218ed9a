// One client connection of HttpServer: reads requests, runs the handler, writes answers and streams.
// Inside of this room. Everything runs on the host's loop; only Responder and StreamWriter come from elsewhere.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "world/net/http_server.h"
#include "world/net/loop.h"

namespace boost::asio {
class thread_pool;
}

namespace firebreak::net {

class Connection {
 public:
  virtual ~Connection() = default;
  virtual void start() = 0;
  virtual void check_deadline(std::int64_t steady_us) = 0;  // 408, or closed when it is too slow
  virtual void close_if_idle() = 0;                         // no request is under way
  virtual void close() = 0;                                 // calls host.closed once
};

// What the connections of one loop share.
struct ConnectionHost {
  std::shared_ptr<Loop> loop;
  const ServerOptions* options = nullptr;
  const Handler* handler = nullptr;
  boost::asio::thread_pool* pool = nullptr;  // runs the handlers; none: the loop does
  std::function<void(Connection*)> closed;   // the connection may be gone when it returns
  bool stopping = false;
};

// Takes over the connected socket `descriptor`.
std::shared_ptr<Connection> make_connection(int descriptor, bool ipv6, ConnectionHost& host);

std::int64_t steady_us();

}  // namespace firebreak::net
