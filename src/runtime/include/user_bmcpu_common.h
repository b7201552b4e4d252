/* Parameters of user host layers, as a BModel carries them. */
#ifndef USER_BMCPU_COMMON_H_
#define USER_BMCPU_COMMON_H_

typedef enum {
  USER_EXP = 0,
  USER_BMNET_GENERIC = 1, /* any operator of BMNet */
  USER_CPU_UNKNOW
} USER_CPU_LAYER_TYPE_T;

/* output = outer_scale * exp(inner_scale * input) */
typedef struct user_cpu_exp_param {
  float inner_scale_;
  float outer_scale_;
} user_cpu_exp_param_t;

/* `length` bytes that describe an operator call follow the struct. */
typedef struct user_cpu_generic_param {
  unsigned int length;
} user_cpu_generic_param_t;

typedef struct user_cpu_param {
  int op_type; /* USER_CPU_LAYER_TYPE_T */
  union {
    user_cpu_exp_param_t exp;
    user_cpu_generic_param_t generic;
  } u;
} user_cpu_param_t;

#endif /* USER_BMCPU_COMMON_H_ */
