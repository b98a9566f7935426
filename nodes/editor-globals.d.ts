/**
 * What the Node-RED editor gives every script on its page. Only nodes/<type>/editor.ts is checked with these
 * (nodes/tsconfig.editor.json): the runtime half of a node gets its RED as a parameter.
 */
/// <reference types="jquery" />
import type { RED as EditorRed } from '@node-red/editor-client';

declare global {
  const RED: EditorRed;
}
