# Finds MLIR 19 and offers it as the static interface library bmnet_mlir.
# The distribution keeps LLVM outside the default prefix, so llvm-config tells where it is.
find_program(BMNET_LLVM_CONFIG NAMES llvm-config-19 llvm-config REQUIRED)
execute_process(COMMAND ${BMNET_LLVM_CONFIG} --cmakedir OUTPUT_VARIABLE llvm_cmake OUTPUT_STRIP_TRAILING_WHITESPACE)
execute_process(COMMAND ${BMNET_LLVM_CONFIG} --bindir OUTPUT_VARIABLE BMNET_LLVM_BIN OUTPUT_STRIP_TRAILING_WHITESPACE)
cmake_path(GET llvm_cmake PARENT_PATH llvm_cmake)
set(MLIR_DIR ${llvm_cmake}/mlir)
find_package(MLIR 19.1 REQUIRED CONFIG)
find_package(ZLIB REQUIRED)

# The packaged targets name the monolithic libLLVM in their link interface. Walk that interface and collect only the
# archives needed, so that a tool stays a few megabytes and needs no LLVM at the user's site.
function(bmnet_mlir_archives out)
  set(todo ${ARGN})
  set(seen)
  while(todo)
    list(POP_FRONT todo target)
    if(target IN_LIST seen OR NOT target MATCHES "^MLIR" OR NOT TARGET ${target})
      continue()
    endif()
    list(APPEND seen ${target})
    get_target_property(deps ${target} INTERFACE_LINK_LIBRARIES)
    if(deps)
      string(REGEX REPLACE "\\$<LINK_ONLY:([^>]*)>" "\\1" deps "${deps}")
      list(APPEND todo ${deps})
    endif()
  endwhile()
  set(files)
  foreach(target IN LISTS seen)
    list(APPEND files "$<TARGET_FILE:${target}>")
  endforeach()
  set(${out} ${files} PARENT_SCOPE)
endfunction()

bmnet_mlir_archives(mlir_archives MLIRFuncDialect MLIRTransforms MLIRBytecodeReader MLIRBytecodeWriter MLIRParser MLIROptLib)
add_library(bmnet_mlir INTERFACE)
target_include_directories(bmnet_mlir SYSTEM INTERFACE ${MLIR_INCLUDE_DIRS})
target_include_directories(bmnet_mlir INTERFACE ${PROJECT_BINARY_DIR}/include)
target_link_libraries(bmnet_mlir INTERFACE -Wl,--gc-sections -Wl,--start-group ${mlir_archives}
  $<TARGET_FILE:LLVMSupport> $<TARGET_FILE:LLVMDemangle> -Wl,--end-group ZLIB::ZLIB zstd tinfo Threads::Threads ${CMAKE_DL_LIBS})

# bmnet_tablegen(<list variable> <td file> <output below include/> <mlir-tblgen arguments>...)
function(bmnet_tablegen list_var td out)
  set(output ${PROJECT_BINARY_DIR}/include/${out})
  cmake_path(GET output PARENT_PATH directory)
  file(MAKE_DIRECTORY ${directory})
  cmake_path(ABSOLUTE_PATH td OUTPUT_VARIABLE source)
  add_custom_command(OUTPUT ${output}
    COMMAND mlir-tblgen ${ARGN} -I ${PROJECT_SOURCE_DIR}/src -I ${MLIR_INCLUDE_DIRS} ${source} --write-if-changed -o ${output} -d ${output}.d
    DEPENDS ${source} mlir-tblgen DEPFILE ${output}.d COMMENT "mlir-tblgen ${out}" VERBATIM)
  set(${list_var} ${${list_var}} ${output} PARENT_SCOPE)
endfunction()
