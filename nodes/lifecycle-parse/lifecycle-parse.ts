import type { NodeAPI } from 'node-red';
import { registerNode } from '../adapter/register-node';
import { ParseController } from './parse-controller';
import { readDef, type ParseDef, type ParseSettings } from './parse-settings';
import { LOOKS, type ParseState } from './parse-states';

module.exports = (RED: NodeAPI): void => {
  registerNode<ParseDef, ParseSettings, ParseState>(RED, {
    type: 'lifecycle-parse',
    looks: LOOKS,
    readDef,
    open: (settings, surface) => new ParseController(settings, surface),
  });
};
