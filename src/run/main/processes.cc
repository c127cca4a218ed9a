// firebreak serve and firebreak gateway: the two long-running processes.
#include <fmt/core.h>
#include <pthread.h>
#include <signal.h>

#include <cstdio>

#include "run/app/app.h"
#include "run/main/commands.h"
#include "world/gateway/gateway.h"
#include "world/net/message.h"

namespace firebreak::cli {

int serve(const ServeOptions& options) {
  // Signals are taken by sigwait below: blocked before any thread starts, so that every thread inherits the mask.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  if (!options.events.empty()) sigaddset(&signals, SIGHUP);  // the events file was rotated
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  const auto address = net::parse_host_port(options.listen);
  if (!address) return report_error(Error(address.error()).with("--listen"), false);
  if (options.clock != "system" && options.clock != "fed")
    return report_error(Error{Code::kInvalid, "--clock is 'system' or 'fed'", {}, 0}, false);
  app::ServeOptions serve_options;
  serve_options.data_dir = options.data;
  serve_options.config = options.config;
  serve_options.host = address->first;
  serve_options.port = address->second;
  serve_options.fed_clock = options.clock == "fed";
  serve_options.accept_rollback = options.accept_rollback;
  serve_options.host_names = options.host_names;
  serve_options.preset = options.preset;
  serve_options.exercise = options.exercise;
  serve_options.events = options.events;
  serve_options.events_format = options.events_format;
  auto app = app::App::start(serve_options);
  if (!app) return report_error(app.error(), false);
  const JsonObject ready{{"listen", (*app)->url()}, {"data", options.data}, {"token_file", options.data + "/admin.token"}};
  fmt::print("{}\n", canonical_json(ready));
  std::fflush(stdout);
  for (int caught = SIGHUP; caught == SIGHUP;) {
    sigwait(&signals, &caught);
    if (caught == SIGHUP) (*app)->reopen_events();
  }
  (*app)->stop();
  return kDone;
}

int gateway(const GatewayCommand& options) {
  if (options.clock != "system" && options.clock != "fed")
    return report_error(Error{Code::kInvalid, "--clock is 'system' or 'fed'", {}, 0}, false);
  gateway::GatewayOptions gateway_options;
  gateway_options.name = options.name;
  gateway_options.data_dir = options.data;
  gateway_options.listen = options.listen;
  gateway_options.control = options.control;
  gateway_options.control_token_file =
      options.control_token_file.empty() ? options.data + "/control.token" : options.control_token_file;
  gateway_options.server_url = options.server;
  gateway_options.server_token_file = options.server_token_file;
  gateway_options.pepper_file = options.pepper_file.empty() ? options.data + "/caller.pepper" : options.pepper_file;
  gateway_options.fed_clock = options.clock == "fed";
  return gateway::run_gateway(gateway_options);
}

}  // namespace firebreak::cli
