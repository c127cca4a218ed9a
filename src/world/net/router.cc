#include "world/net/router.h"

#include <fmt/core.h>

namespace firebreak::net {
namespace {

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> out;
  std::size_t at = 1;  // after the first '/'
  while (at <= path.size()) {
    const std::size_t slash = std::min(path.find('/', at), path.size());
    out.emplace_back(path.substr(at, slash - at));
    at = slash + 1;
  }
  return out;
}

bool is_capture(const std::string& segment) { return segment.size() > 2 && segment.front() == '{'; }
bool is_rest(const std::string& segment) { return is_capture(segment) && segment.ends_with("...}"); }

// How well `segments` fits: number of literal segments, or -1 when it does not.
int fit(const std::vector<std::string>& pattern, const std::vector<std::string>& segments,
        std::map<std::string, std::string>& params) {
  const bool rest = !pattern.empty() && is_rest(pattern.back());
  if (rest ? segments.size() < pattern.size() : segments.size() != pattern.size()) return -1;
  int literals = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const std::string& part = pattern[i];
    if (is_rest(part)) {
      std::string tail = segments[i];
      for (std::size_t k = i + 1; k < segments.size(); ++k) tail += "/" + segments[k];
      params[part.substr(1, part.size() - 5)] = std::move(tail);
    } else if (is_capture(part)) {
      if (segments[i].empty()) return -1;
      params[part.substr(1, part.size() - 2)] = segments[i];
    } else if (part == segments[i]) {
      ++literals;
    } else {
      return -1;
    }
  }
  return literals;
}

}  // namespace

void Router::add(std::string method, std::string path_template, Handler handler) {
  FIREBREAK_ASSERT(!path_template.empty() && path_template.front() == '/');
  auto segments = split(path_template);
  routes_.push_back({std::move(method), std::move(path_template), std::move(segments), std::move(handler)});
}

void Router::handle(Request request, Responder responder) const {
  const auto segments = split(request.path);
  const std::string_view method = request.method == "HEAD" ? std::string_view("GET") : std::string_view(request.method);
  const Route* best = nullptr;
  int best_fit = -1;
  std::string allowed;
  std::map<std::string, std::string> best_params;
  for (const Route& route : routes_) {
    std::map<std::string, std::string> params;
    const int literals = fit(route.segments, segments, params);
    if (literals < 0) continue;
    if (route.method != method) {
      allowed += (allowed.empty() ? "" : ", ") + route.method;
    } else if (literals > best_fit) {
      best = &route;
      best_fit = literals;
      best_params = std::move(params);
    }
  }
  if (best != nullptr) {
    request.params = std::move(best_params);
    best->handler(std::move(request), std::move(responder));
  } else if (!allowed.empty()) {
    Response response = problem(405, Error{Code::kInvalid, fmt::format("{} is not possible here", request.method), "", 0});
    response.headers.emplace_back("Allow", allowed);
    responder.respond(std::move(response));
  } else {
    responder.fail(Error{Code::kNotFound, fmt::format("nothing is served at {}", request.path), "", 0});
  }
}

std::vector<std::pair<std::string, std::string>> Router::routes() const {
  std::vector<std::pair<std::string, std::string>> out;
  for (const Route& route : routes_) out.emplace_back(route.method, route.path_template);
  return out;
}

}  // namespace firebreak::net
