/** What a row's body was found to be. All but `OTHER` need no further look to know the name. */
export const RowKind = {
  /** Any other body: its name is known when it is decoded. */
  OTHER: 0,
  /** `sys_name(argument: hex, ...)`, with nothing but hexadecimal numbers. */
  ENTER_HEX: 1,
  /** `sys_name(...)`, with strings, bytes or flags by name. */
  ENTER: 2,
  /** `sys_name -> 0xhex` */
  EXIT: 3,
  /** `name: payload`, where the name is the event's. */
  NAMED: 4,
  /** A call trace without the event that caused it. */
  KERNEL_STACK: 5,
  USER_STACK: 6,
} as const;
