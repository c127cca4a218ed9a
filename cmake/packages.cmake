# Every library the product links, by its CMake name on Debian 12. Versions are the oldest we build with;
# reasons and licences stand in docs/dependencies.md.
find_package(Threads REQUIRED)
find_package(Boost 1.81 CONFIG REQUIRED COMPONENTS json)
find_package(OpenSSL 3 REQUIRED)
find_package(fmt 9 CONFIG REQUIRED)
find_package(tl-expected CONFIG REQUIRED)
find_package(simdjson 3 CONFIG REQUIRED)
find_package(zstd CONFIG REQUIRED)
find_package(CURL 7.88 REQUIRED)
find_package(SQLite3 3.40 REQUIRED)
find_package(CLI11 2.1 CONFIG REQUIRED)
find_package(yaml-cpp 0.7 CONFIG REQUIRED)
# Debian's RE2 brings no CMake file, only one for pkg-config.
find_path(RE2_INCLUDE re2/re2.h REQUIRED)
find_library(RE2_LIBRARY re2 REQUIRED)
add_library(re2::re2 INTERFACE IMPORTED)
target_include_directories(re2::re2 SYSTEM INTERFACE ${RE2_INCLUDE})
target_link_libraries(re2::re2 INTERFACE ${RE2_LIBRARY})

if(FIREBREAK_TESTS)
  find_package(GTest 1.12 CONFIG REQUIRED)
  find_package(rapidcheck CONFIG REQUIRED)  # Debian's config carries no version
endif()
find_package(benchmark 1.7 CONFIG QUIET)  # only `make bench` needs it
