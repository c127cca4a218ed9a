// For tests: a scripted store behind HTTP, and the client that speaks to it.
#pragma once

#include <atomic>
#include <memory>

#include "world/net/http_server.h"
#include "world/store/scripted_store.h"

namespace firebreak::store::testing {

class ServedStore {
 public:
  explicit ServedStore(std::string prefix = "")
      : server_(std::move(*net::HttpServer::start({}, [this](net::Request request, net::Responder responder) {
          responder(bucket_.answer(request));
        }))),
        prefix_(std::move(prefix)) {}

  Place place() const {
    Place place;
    place.url = server_->url();
    place.bucket = "bucket";
    place.access_key_id = "key";
    place.secret = "secret";
    place.prefix = prefix_;
    return place;
  }

 protected:
  SystemClock clock_;
  std::atomic<bool> stopping_{false};
  ScriptedStore bucket_{clock_};
  std::unique_ptr<net::HttpServer> server_;
  const std::string prefix_;
  ObjectStore store_{place(), stopping_};
};

}  // namespace firebreak::store::testing
