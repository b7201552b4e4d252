#include "frontend/pytorch/code.h"

#include <algorithm>
#include <array>

#include "frontend/pytorch/refusal.h"

namespace bmnet::frontend::pytorch {
namespace {

constexpr int kMaxDepth = 200;
constexpr size_t kMaxFile = size_t{1} << 26;

enum class Lexeme { kName, kNumber, kString, kSymbol, kNewline, kIndent, kDedent, kEnd };
struct Token {
  Lexeme kind = Lexeme::kEnd;
  std::string_view text;
  size_t offset = 0;
};

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::vector<Token> lex() {
    indents_ = {0};
    while (at_ < text_.size()) {
      if (line_start_ && brackets_ == 0 && !indentation()) continue;
      token();
    }
    if (!tokens_.empty() && tokens_.back().kind != Lexeme::kNewline) add(Lexeme::kNewline, 0);
    for (; indents_.size() > 1; indents_.pop_back()) add(Lexeme::kDedent, 0);
    add(Lexeme::kEnd, 0);
    return std::move(tokens_);
  }

 private:
  char peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  void add(Lexeme kind, size_t size) {
    tokens_.push_back({kind, text_.substr(std::min(at_, text_.size()), size), at_});
    at_ += size;
  }

  // False on an empty line.
  bool indentation() {
    const size_t first = text_.find_first_not_of(' ', at_);
    const size_t width = std::min(first, text_.size()) - at_;
    at_ += width;
    if (at_ >= text_.size()) return false;
    if (peek() == '\n' || peek() == '\r') return ++at_, false;
    if (peek() == '#') return skip_comment(), false;
    line_start_ = false;
    if (width > indents_.back()) {
      if (indents_.size() > kMaxDepth) reject("blocks nest deeper than {}", kMaxDepth);
      indents_.push_back(width);
      add(Lexeme::kIndent, 0);
    }
    for (; width < indents_.back(); indents_.pop_back()) add(Lexeme::kDedent, 0);
    if (width != indents_.back()) reject("the indentation fits no block");
    return true;
  }
  void skip_comment() { at_ = std::min(text_.find('\n', at_), text_.size()); }

  void token() {
    const char c = peek();
    if (c == '\n') {
      if (brackets_ == 0) {
        add(Lexeme::kNewline, 1);
        line_start_ = true;
      } else {
        ++at_;
      }
    } else if (c == ' ' || c == '\r' || c == '\t') {
      ++at_;
    } else if (c == '#') {
      skip_comment();
    } else if (is_name_start(c)) {
      size_t size = 1;
      while (is_name_start(peek(size)) || is_digit(peek(size))) ++size;
      add(Lexeme::kName, size);
    } else if (is_digit(c) || (c == '.' && is_digit(peek(1)))) {
      number();
    } else if (c == '"' || c == '\'') {
      string(c);
    } else {
      symbol();
    }
  }
  void number() {
    size_t size = 0;
    while (is_digit(peek(size)) || is_name_start(peek(size)) || peek(size) == '.' ||
           ((peek(size) == '-' || peek(size) == '+') && size > 0 && (peek(size - 1) == 'e' || peek(size - 1) == 'E')))
      ++size;
    add(Lexeme::kNumber, size);
  }
  void string(char quote) {
    size_t size = 1;
    while (peek(size) != quote) {
      if (at_ + size >= text_.size()) reject("a string does not end");
      size += peek(size) == '\\' ? 2 : 1;
    }
    add(Lexeme::kString, size + 1);
  }
  void symbol() {
    static constexpr std::array<std::string_view, 8> kTwo = {"->", "==", "!=", "<=", ">=", "//", "**", "+="};
    for (const std::string_view two : kTwo)
      if (text_.substr(at_, 2) == two) return add(Lexeme::kSymbol, 2);
    const char c = peek();
    if (std::string_view("()[]{}:,.=+-*/%<>@&|^~").find(c) == std::string_view::npos)
      reject("character 0x{:02x} is not Python", static_cast<unsigned char>(c));
    if (c == '(' || c == '[' || c == '{') ++brackets_;
    if ((c == ')' || c == ']' || c == '}') && --brackets_ < 0) reject("a closing bracket too many");
    add(Lexeme::kSymbol, 1);
  }

  std::string_view text_;
  size_t at_ = 0;
  int brackets_ = 0;
  bool line_start_ = true;
  std::vector<size_t> indents_;
  std::vector<Token> tokens_;

 public:
  size_t offset() const { return at_; }
};

std::string unescape(std::string_view quoted) {
  std::string result;
  for (size_t i = 1; i + 1 < quoted.size(); ++i) {
    if (quoted[i] != '\\' || i + 2 >= quoted.size()) {
      result += quoted[i];
      continue;
    }
    const char c = quoted[++i];
    constexpr std::string_view kNames = "ntrabfv", kValues = "\n\t\r\a\b\f\v";
    if (const size_t known = kNames.find(c); known != std::string_view::npos)
      result += kValues[known];
    else if (c >= '0' && c <= '7' && i + 3 < quoted.size() + 1) {
      int code = 0;
      for (int digit = 0; digit < 3 && quoted[i] >= '0' && quoted[i] <= '7'; ++digit)
        code = code * 8 + quoted[i++] - '0';
      --i;
      result += static_cast<char>(code);
    } else {
      result += c;
    }
  }
  return result;
}

class Parser {
 public:
  Parser(CodeFile& file, std::vector<Token> tokens) : file_(file), tokens_(std::move(tokens)) {}

  void parse() {
    while (peek().kind != Lexeme::kEnd) {
      if (is("class")) {
        parse_class();
      } else if (is("def")) {
        Function function = parse_function();
        file_.functions.insert_or_assign(function.name, std::move(function));
      } else {
        statement();  // "op_version_set = 1", imports of old archives
      }
    }
  }
  size_t offset() const { return peek().offset; }

 private:
  struct Nesting {
    explicit Nesting(int& depth) : depth_(depth) {
      if (++depth_ > kMaxDepth) reject("expressions nest deeper than {}", kMaxDepth);
    }
    ~Nesting() { --depth_; }
    int& depth_;
  };

  const Token& peek(size_t ahead = 0) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }
  bool is(std::string_view text) const {
    return (peek().kind == Lexeme::kName || peek().kind == Lexeme::kSymbol) && peek().text == text;
  }
  bool accept(std::string_view text) {
    if (!is(text)) return false;
    ++at_;
    return true;
  }
  void expect(std::string_view text) {
    if (!accept(text)) reject("'{}' is expected before '{}'", text, peek().text.substr(0, 40));
  }
  bool accept(Lexeme kind) {
    if (peek().kind != kind) return false;
    ++at_;
    return true;
  }
  void expect(Lexeme kind, const char* what) {
    if (!accept(kind)) reject("{} is expected before '{}'", what, peek().text.substr(0, 40));
  }
  std::string name() {
    const Token token = peek();
    expect(Lexeme::kName, "a name");
    return std::string(token.text);
  }

  void parse_class() {
    expect("class");
    Class parsed;
    parsed.name = name();
    if (accept("(")) {
      while (!accept(")")) ++at_, end_guard();
    }
    expect(":");
    expect(Lexeme::kNewline, "a line's end");
    expect(Lexeme::kIndent, "a block");
    while (!accept(Lexeme::kDedent)) {
      end_guard();
      if (is("def")) {
        Function method = parse_function();
        parsed.methods.insert_or_assign(method.name, std::move(method));
      } else {
        class_line(parsed);
      }
    }
    file_.classes.insert_or_assign(parsed.name, std::move(parsed));
  }
  void end_guard() const {
    if (peek().kind == Lexeme::kEnd) reject("the file ends too early");
  }

  // name : T, name : Final[T] = value, __annotations__["0"] = T, __parameters__ = [...]
  void class_line(Class& parsed) {
    if (accept("pass")) return expect(Lexeme::kNewline, "a line's end");
    const Expr target = expression();
    if (accept(":")) expression();
    if (accept("=")) {
      Expr value = expression();
      if (target.kind == Expr::kName) parsed.constants.insert_or_assign(target.text, std::move(value));
    }
    expect(Lexeme::kNewline, "a line's end");
  }

  Function parse_function() {
    expect("def");
    Function function;
    function.file = &file_;
    function.name = name();
    expect("(");
    while (!accept(")")) {
      if (accept("*")) {
        accept(",");
        continue;
      }
      Parameter parameter;
      parameter.name = name();
      if (accept(":")) {
        const size_t from = peek().offset;
        expression();
        parameter.annotation = file_.text.substr(from, peek().offset - from);
        std::erase_if(parameter.annotation, [](char c) { return c == ' ' || c == '\n'; });
      }
      if (accept("=")) {
        parameter.has_default = true;
        parameter.otherwise = expression();
      }
      function.parameters.push_back(std::move(parameter));
      if (!is(")")) expect(",");
    }
    if (accept("->")) expression();
    expect(":");
    function.body = block();
    return function;
  }

  std::vector<Stmt> block() {
    const Nesting nesting(depth_);
    expect(Lexeme::kNewline, "a line's end");
    expect(Lexeme::kIndent, "a block");
    std::vector<Stmt> body;
    while (!accept(Lexeme::kDedent)) {
      end_guard();
      body.push_back(statement());
    }
    return body;
  }

  Stmt statement() {
    Stmt stmt;
    stmt.offset = peek().offset;
    if (accept("if")) {
      stmt.kind = Stmt::kIf;
      stmt.value = expression();
      expect(":");
      stmt.body = block();
      if (accept("else")) {
        expect(":");
        stmt.otherwise = block();
      }
      return stmt;
    }
    if (accept("while")) {
      stmt.kind = Stmt::kWhile;
      stmt.value = expression();
      expect(":");
      stmt.body = block();
      return stmt;
    }
    if (accept("for")) {
      stmt.kind = Stmt::kFor;
      stmt.target = postfix();
      expect("in");
      stmt.value = expression();
      expect(":");
      stmt.body = block();
      return stmt;
    }
    simple_statement(stmt);
    expect(Lexeme::kNewline, "a line's end");
    return stmt;
  }

  void simple_statement(Stmt& stmt) {
    if (accept("pass")) return;
    if (accept("return")) {
      stmt.kind = Stmt::kReturn;
      stmt.value = peek().kind == Lexeme::kNewline ? none() : list_or_single();
      return;
    }
    for (const std::string_view keyword : {"import", "from", "global", "del", "with", "try", "raise", "lambda", "yield",
                                           "async", "exec", "assert", "break", "continue"})
      if (is(keyword)) refuse("'{}' is not part of serialized TorchScript", keyword);
    stmt.value = list_or_single();
    stmt.kind = Stmt::kExpr;
    if (accept(":")) expression();
    if (accept("=")) {
      stmt.kind = Stmt::kAssign;
      stmt.target = std::move(stmt.value);
      stmt.value = list_or_single();
    }
  }

  Expr none() const {
    Expr expr;
    expr.text = "None";
    return expr;
  }

  // "a" or "a, b" or "a, b," (a tuple).
  Expr list_or_single() {
    Expr first = expression();
    if (!is(",")) return first;
    Expr tuple;
    tuple.kind = Expr::kTuple;
    tuple.offset = first.offset;
    tuple.children.push_back(std::move(first));
    while (accept(",")) {
      if (peek().kind == Lexeme::kNewline || is("=")) break;
      tuple.children.push_back(expression());
    }
    return tuple;
  }

  static int precedence(std::string_view op) {
    static constexpr std::pair<std::string_view, int> kTable[] = {
        {"or", 1}, {"and", 2}, {"is", 4}, {"in", 4},  {"==", 4}, {"!=", 4}, {"<", 4},
        {">", 4},  {"<=", 4},  {">=", 4}, {"|", 5},   {"^", 6},  {"&", 7},  {"+", 9},
        {"-", 9},  {"*", 10},  {"/", 10}, {"//", 10}, {"%", 10}, {"**", 12}};
    for (const auto& [name, level] : kTable)
      if (name == op) return level;
    return 0;
  }

  Expr expression(int least = 1) {
    const Nesting nesting(depth_);
    Expr left = unary();
    for (int length = 0;; ++length) {
      const Token token = peek();
      if (token.kind != Lexeme::kName && token.kind != Lexeme::kSymbol) return left;
      const int level = precedence(token.text);
      if (level == 0 || level < least) return left;
      ++at_;
      Expr both;
      both.kind = Expr::kBinary;
      both.offset = token.offset;
      both.text = token.text;
      if (token.text == "is" && accept("not")) both.text = "is not";
      both.children.push_back(std::move(left));
      both.children.push_back(expression(level + 1));
      left = std::move(both);
      if (length > kMaxDepth) reject("expressions nest deeper than {}", kMaxDepth);
    }
  }

  Expr unary() {
    const Token token = peek();
    if (token.kind == Lexeme::kString || token.kind == Lexeme::kNumber) return postfix();
    for (const std::string_view op : {"-", "not"})
      if (accept(op)) {
        const Nesting nesting(depth_);
        Expr expr;
        expr.kind = Expr::kUnary;
        expr.offset = token.offset;
        expr.text = op;
        expr.children.push_back(op == "-" ? unary() : expression(3));
        return expr;
      }
    return postfix();
  }

  Expr wrap(Expr::Kind kind, Expr inner) {
    Expr outer;
    outer.kind = kind;
    outer.offset = peek().offset;
    outer.children.push_back(std::move(inner));
    return outer;
  }

  Expr postfix() {
    Expr expr = primary();
    for (int length = 0;; ++length) {
      if (length > kMaxDepth) reject("expressions nest deeper than {}", kMaxDepth);
      if (is(".")) {
        expr = wrap(Expr::kAttribute, std::move(expr));
        expect(".");
        expr.text = name();
      } else if (is("(")) {
        expr = wrap(Expr::kCall, std::move(expr));
        expr.offset = expr.children[0].offset;
        arguments(expr);
      } else if (is("[")) {
        expr = wrap(Expr::kSubscript, std::move(expr));
        expect("[");
        expr.children.push_back(subscript());
        expect("]");
      } else {
        return expr;
      }
    }
  }

  void arguments(Expr& call) {
    expect("(");
    while (!accept(")")) {
      if (peek().kind == Lexeme::kName && peek(1).kind == Lexeme::kSymbol && peek(1).text == "=") {
        call.keywords.push_back(name());
        expect("=");
      } else if (!call.keywords.empty()) {
        reject("a positional argument follows a named one");
      }
      call.children.push_back(expression());
      if (!is(")")) expect(",");
    }
  }

  Expr subscript() {
    Expr slice;
    slice.kind = Expr::kSlice;
    slice.offset = peek().offset;
    bool sliced = false;
    for (int part = 0; part < 3; ++part) {
      Expr missing;
      slice.children.push_back(is(":") || is("]") ? missing : list_or_single_in_brackets());
      if (!accept(":")) break;
      sliced = true;
    }
    if (!sliced) return std::move(slice.children[0]);
    slice.children.resize(3);
    return slice;
  }
  Expr list_or_single_in_brackets() {
    Expr first = expression();
    if (!is(",")) return first;
    Expr tuple = wrap(Expr::kTuple, std::move(first));
    while (accept(","))
      if (!is("]")) tuple.children.push_back(expression());
    return tuple;
  }

  Expr primary() {
    const Nesting nesting(depth_);
    const Token token = peek();
    Expr expr;
    expr.offset = token.offset;
    if (accept(Lexeme::kName)) {
      expr.kind = Expr::kName;
      expr.text = token.text;
    } else if (accept(Lexeme::kNumber)) {
      const bool integer = token.text.find_first_not_of("0123456789") == std::string_view::npos;
      expr.kind = integer ? Expr::kInt : Expr::kFloat;
      expr.text = token.text;
    } else if (peek().kind == Lexeme::kString) {
      expr.kind = Expr::kString;
      for (Token part = peek(); accept(Lexeme::kString); part = peek()) expr.text += unescape(part.text);
    } else if (accept("[")) {
      expr.kind = Expr::kList;
      elements(expr, "]");
    } else if (accept("{")) {
      expr.kind = Expr::kDict;
      while (!accept("}")) {
        expr.children.push_back(expression());
        expect(":");
        expr.children.push_back(expression());
        if (!is("}")) expect(",");
      }
    } else if (accept("(")) {
      const bool comma = elements(expr, ")");
      if (!comma && expr.children.size() == 1) {
        Expr inner = std::move(expr.children[0]);
        return inner;
      }
      expr.kind = Expr::kTuple;
    } else {
      reject("an expression is expected before '{}'", token.text.substr(0, 40));
    }
    return expr;
  }
  // Whether a comma stands there.
  bool elements(Expr& expr, std::string_view close) {
    bool comma = false;
    while (!accept(close)) {
      expr.children.push_back(expression());
      if (is(",")) comma = true;
      if (!is(close)) expect(",");
    }
    return comma;
  }

  CodeFile& file_;
  std::vector<Token> tokens_;
  size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

std::string dotted_path(const Expr& expr) {
  if (expr.kind == Expr::kName) return expr.text;
  if (expr.kind != Expr::kAttribute) return {};
  const std::string root = dotted_path(expr.children[0]);
  return root.empty() ? root : root + "." + expr.text;
}

size_t CodeFile::line_of(size_t offset) const {
  return 1 + static_cast<size_t>(
                 std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(std::min(offset, text.size())), '\n'));
}

Result<std::unique_ptr<CodeFile>> parse_code(std::string path, std::string_view text) {
  if (text.size() > kMaxFile) return user_error("{}: a code file of {} bytes", path, text.size());
  auto file = std::make_unique<CodeFile>();
  file->path = std::move(path);
  file->text = text;
  Lexer lexer(file->text);
  std::unique_ptr<Parser> parser;
  try {
    parser = std::make_unique<Parser>(*file, lexer.lex());
    parser->parse();
  } catch (Refusal& refusal) {
    const size_t offset = parser ? parser->offset() : lexer.offset();
    return with_context(fmt::format("{} line {}", file->path, file->line_of(offset)), std::move(refusal.error));
  }
  return file;
}

}  // namespace bmnet::frontend::pytorch
