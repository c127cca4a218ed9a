// Finds the handler of a request by method and path template: "/api/v1/streams/{stream}/records".
// A segment {name} captures one non-empty segment into Request::params; a last segment {name...} captures the rest.
// Literal segments win over captures. No path: 404; path but not the method: 405 with Allow.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "world/net/http_server.h"

namespace firebreak::net {

// Fill it, then use handle() from any thread.
class Router {
 public:
  void add(std::string method, std::string path_template, Handler handler);
  void get(std::string path_template, Handler handler) { add("GET", std::move(path_template), std::move(handler)); }
  void post(std::string path_template, Handler handler) { add("POST", std::move(path_template), std::move(handler)); }
  void put(std::string path_template, Handler handler) { add("PUT", std::move(path_template), std::move(handler)); }
  void del(std::string path_template, Handler handler) { add("DELETE", std::move(path_template), std::move(handler)); }

  // HEAD is served by GET's handler.
  void handle(Request request, Responder responder) const;

  // For checks against the API's description: (method, template) in the order they were added.
  std::vector<std::pair<std::string, std::string>> routes() const;

 private:
  struct Route {
    std::string method, path_template;
    std::vector<std::string> segments;
    Handler handler;
  };
  std::vector<Route> routes_;
};

}  // namespace firebreak::net
