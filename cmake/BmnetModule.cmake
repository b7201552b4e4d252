# One folder is one module. The suffix of a file decides what it becomes, so there are no lists of sources to keep:
#   x.cc        the module's static library
#   x_test.cc   the module's GoogleTest program, registered with ctest
#   x_fuzz.cc   one libFuzzer program each (option BMNET_FUZZ)
#   main_x.cc   left to the CMakeLists.txt of src/tool
#
# bmnet_module(<name> [DEPS <libraries>...] [RECURSE] [UNGUIDED])
#   makes library bmnet_<name> from the current folder (RECURSE: and the folders below it). A fuzzer is guided by the
#   coverage of all modules but those that are UNGUIDED, whose loops over numbers would only be slowed down.
function(bmnet_module name)
  cmake_parse_arguments(arg "RECURSE;UNGUIDED" "" "DEPS" ${ARGN})
  if(arg_RECURSE)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  else()
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  endif()
  set(tests ${sources})
  set(fuzzers ${sources})
  list(FILTER sources EXCLUDE REGEX "(_test|_fuzz|_bench)\\.cc$|/main_[^/]*\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cc$")

  if(sources)
    add_library(bmnet_${name} STATIC ${sources})
    set(scope PUBLIC)
  else()
    add_library(bmnet_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(bmnet_${name} ${scope} ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(bmnet_${name} ${scope} ${arg_DEPS})

  if(tests)
    bmnet_test(${name} ${tests} DEPS bmnet_${name})
  endif()
  if(BMNET_FUZZ)
    if(sources AND NOT arg_UNGUIDED)
      # Comparisons are not traced: twice as many executions are worth more than constants, which the seeds have.
      target_compile_options(bmnet_${name} PRIVATE -fsanitize-coverage=inline-8bit-counters,pc-table)
    endif()
    foreach(source IN LISTS fuzzers)
      cmake_path(GET source STEM stem)
      add_executable(${stem} ${source})
      target_compile_options(${stem} PRIVATE -fsanitize=fuzzer)
      target_link_options(${stem} PRIVATE -fsanitize=fuzzer)
      target_link_libraries(${stem} PRIVATE bmnet_${name})
    endforeach()
  endif()
endfunction()

# The one place that knows where the repository stands (base/testing.h).
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/testing.cc CONTENT [[
#include "base/testing.h"
const char* const bmnet::test::kSourceDirectory = "@PROJECT_SOURCE_DIR@";
]] @ONLY)
add_library(bmnet_testing STATIC ${PROJECT_BINARY_DIR}/testing.cc)
target_include_directories(bmnet_testing PUBLIC ${PROJECT_SOURCE_DIR}/src)

# bmnet_test(<name> <sources>... DEPS <libraries>...): a GoogleTest program bmnet_<name>_test known to ctest as <name>.
function(bmnet_test name)
  cmake_parse_arguments(arg "" "" "DEPS" ${ARGN})
  add_executable(bmnet_${name}_test ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(bmnet_${name}_test PRIVATE ${arg_DEPS} bmnet_testing GTest::gmock GTest::gtest_main)
  add_test(NAME ${name} COMMAND bmnet_${name}_test)
  set_tests_properties(${name} PROPERTIES ENVIRONMENT "OMP_WAIT_POLICY=passive;ASAN_OPTIONS=allow_user_poisoning=0")
endfunction()
