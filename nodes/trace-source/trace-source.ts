import type { NodeAPI } from 'node-red';
import { registerNode } from '../adapter/register-node';
import { SourceController } from './source-controller';
import { readDef, type SourceDef, type SourceSettings } from './source-settings';
import { LOOKS, type SourceState } from './source-states';

module.exports = (RED: NodeAPI): void => {
  registerNode<SourceDef, SourceSettings, SourceState>(RED, {
    type: 'trace-source',
    looks: LOOKS,
    readDef,
    open: (settings, surface) => new SourceController(settings, surface),
  });
};
