# Finds the protobuf library (linked statically: a tool needs none at the user's site) and compiles schemas.
set(Protobuf_USE_STATIC_LIBS ON)
find_package(Protobuf REQUIRED)

# bmnet_protobuf(<library> <proto files>...): makes <library> from schemas in the current folder. A schema src/a/x.proto
# is included as "a/x.pb.h" and imported by others as "a/x.proto".
function(bmnet_protobuf library)
  set(generated)
  foreach(proto ${ARGN})
    cmake_path(ABSOLUTE_PATH proto OUTPUT_VARIABLE source)
    cmake_path(RELATIVE_PATH source BASE_DIRECTORY ${PROJECT_SOURCE_DIR}/src OUTPUT_VARIABLE relative)
    string(REGEX REPLACE "\\.proto$" "" stem ${PROJECT_BINARY_DIR}/include/${relative})
    add_custom_command(OUTPUT ${stem}.pb.cc ${stem}.pb.h
      COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/include
      COMMAND protobuf::protoc --cpp_out=${PROJECT_BINARY_DIR}/include -I ${PROJECT_SOURCE_DIR}/src ${source}
      DEPENDS ${source} protobuf::protoc COMMENT "protoc ${relative}" VERBATIM)
    list(APPEND generated ${stem}.pb.cc ${stem}.pb.h)
  endforeach()
  add_library(${library} STATIC ${generated})
  target_compile_options(${library} PRIVATE -w)
  target_include_directories(${library} SYSTEM PUBLIC ${PROJECT_BINARY_DIR}/include)
  target_link_libraries(${library} PUBLIC protobuf::libprotobuf)
endfunction()
