import protobuf from 'protobufjs'
import { IsthmusError } from '../errors.ts'

/**
 * The part of ONNX's file format (IR version 8) that our graphs use, written and read. Field numbers are those of
 * onnx.proto3; what this part does not name is lost when a file is read, so read only graphs that we wrote.
 */
export interface OnnxModel {
  irVersion: number
  producerName: string
  opsetImport: { domain: string, version: number }[]
  graph: OnnxGraphProto
  metadataProps: { key: string, value: string }[]
}

export interface OnnxGraphProto {
  name: string
  node: OnnxNode[]
  initializer: OnnxTensor[]
  input: OnnxValue[]
  output: OnnxValue[]
}

export interface OnnxNode {
  name: string
  opType: string
  input: string[]
  output: string[]
  attribute: OnnxAttribute[]
}

/** One of f, i and ints is meant, as `type` says. */
export interface OnnxAttribute {
  name: string
  type: number
  f?: number
  i?: number
  ints?: number[]
}

/** Values in row-major order, little-endian. */
export interface OnnxTensor {
  name: string
  dims: number[]
  dataType: number
  rawData: Uint8Array
}

/** An input or output; a dimension is a number or a name for one that varies. */
export interface OnnxValue {
  name: string
  type: { tensorType: { elemType: number, shape: { dim: { dimValue?: number, dimParam?: string }[] } } }
}

/** Codes of element types. */
export const ONNX_TYPES = { float: 1, int64: 7, bool: 9 } as const
export type OnnxType = keyof typeof ONNX_TYPES

/** Codes of attribute types. */
export const ONNX_ATTRIBUTES = { float: 1, int: 2, ints: 7 } as const

const SCHEMA = `
syntax = "proto3";
message AttributeProto { string name = 1; float f = 2; int64 i = 3; repeated int64 ints = 8; int32 type = 20; }
message NodeProto {
  repeated string input = 1; repeated string output = 2; string name = 3; string op_type = 4;
  repeated AttributeProto attribute = 5;
}
message TensorProto { repeated int64 dims = 1; int32 data_type = 2; string name = 8; bytes raw_data = 9; }
message Dimension { oneof value { int64 dim_value = 1; string dim_param = 2; } }
message TensorShapeProto { repeated Dimension dim = 1; }
message TensorTypeProto { int32 elem_type = 1; TensorShapeProto shape = 2; }
message TypeProto { TensorTypeProto tensor_type = 1; }
message ValueInfoProto { string name = 1; TypeProto type = 2; }
message GraphProto {
  repeated NodeProto node = 1; string name = 2; repeated TensorProto initializer = 5;
  repeated ValueInfoProto input = 11; repeated ValueInfoProto output = 12;
}
message OperatorSetIdProto { string domain = 1; int64 version = 2; }
message StringStringEntryProto { string key = 1; string value = 2; }
message ModelProto {
  int64 ir_version = 1; string producer_name = 2; GraphProto graph = 7;
  repeated OperatorSetIdProto opset_import = 8; repeated StringStringEntryProto metadata_props = 14;
}`

const ModelProto = protobuf.parse(SCHEMA).root.lookupType('ModelProto')

/** The bytes of an .onnx file. */
export function encodeModel (model: OnnxModel): Uint8Array {
  return ModelProto.encode(ModelProto.fromObject(model)).finish()
}

/** An .onnx file that `encodeModel` wrote; fails with `artefact_invalid` on bytes that are none. */
export function decodeModel (bytes: Uint8Array): OnnxModel {
  try {
    // `encodeModel` wrote every field that the type names, and `arrays` restores those that were empty.
    const model: unknown = ModelProto.toObject(ModelProto.decode(bytes), { longs: Number, arrays: true })
    return model as OnnxModel
  } catch (error) {
    throw new IsthmusError('artefact_invalid', 'Not an ONNX file', { cause: error })
  }
}
