package dataset

import (
	"fmt"
	"strings"
)

// Set is a public data set.
type Set struct {
	Name  string
	Kind  string // "mnist", "planetoid" or "wikitext-2": the subfolder its files may be in
	URL   string // the folder it is downloaded from
	Files []File
}

// File is a file of a data set. Where the loader also reads the file unpacked, PlainName and PlainSHA256 describe it so.
type File struct {
	Name, SHA256           string
	PlainName, PlainSHA256 string
}

// Lookup returns the data set of that name.
func Lookup(name string) (Set, bool) {
	for _, s := range Sets() {
		if s.Name == name {
			return s, true
		}
	}
	return Set{}, false
}

func unknown(name string) error {
	var names []string
	for _, s := range Sets() {
		names = append(names, s.Name)
	}
	return fmt.Errorf("no data set %q; there are %s", name, strings.Join(names, ", "))
}

// Sets returns the table of data sets.
func Sets() []Set {
	const planetoid = "https://raw.githubusercontent.com/kimiyoung/planetoid/master/data"
	return []Set{
		{Name: "mnist", Kind: "mnist", URL: "https://storage.googleapis.com/cvdf-datasets/mnist", Files: []File{
			zipped("train-images-idx3-ubyte",
				"440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
				"ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
			zipped("train-labels-idx1-ubyte",
				"3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
				"65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
			zipped("t10k-images-idx3-ubyte",
				"8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
				"0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
			zipped("t10k-labels-idx1-ubyte",
				"f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
				"ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
		}},
		{Name: "cora", Kind: "planetoid", URL: planetoid, Files: []File{
			{Name: "ind.cora.x", SHA256: "23cfa55d91c6f624233f5eb7b6e3f141f1bd2b2ae39608a63cf5d084bb27baab"},
			{Name: "ind.cora.y", SHA256: "94465c14eb53e04ca262198dcbb2521ee8af60fb3f3d546cd6ca24a511b0e7d1"},
			{Name: "ind.cora.tx", SHA256: "b9afbaa4a400df991f6f02ef677e1e44da55ffc04801fd02f9e673987829226a"},
			{Name: "ind.cora.ty", SHA256: "41f5ac76596a1699cc33f53084a2419e92961c42bb75f36fc38e616d348532ad"},
			{Name: "ind.cora.allx", SHA256: "9419ba2f26f5c35243db64aba110e0f35a04851609e0dc5433450676ca6b8543"},
			{Name: "ind.cora.ally", SHA256: "2b998f5cc7fedc86e7f97ca2498f47a1ffc1462c29e2d578b23bf3f62b6e7d71"},
			{Name: "ind.cora.graph", SHA256: "58f13302f39dde8852dad6fe6d15b89b077b6d7f837626bce671ef80344b383d"},
			{Name: "ind.cora.test.index", SHA256: "297ce89af2b51a6a194181c7dbe1796c6a1cf9cd9349a88383b1b1e227867875"},
		}},
		{Name: "citeseer", Kind: "planetoid", URL: planetoid, Files: []File{
			{Name: "ind.citeseer.x", SHA256: "d20de19150741e555de0ed037195630fc194114ebc7fd72ced62810148aa22f6"},
			{Name: "ind.citeseer.y", SHA256: "8ba87e515d8e3ee3cf52f6d2c5b86aa73f11ecad825a808455209ec26cd54924"},
			{Name: "ind.citeseer.tx", SHA256: "539a8906a2da97628d212f2fdd668c109a8b3f0d36574b59e5d3fd5b5303da21"},
			{Name: "ind.citeseer.ty", SHA256: "55e5bd1ba1e733a04598753ad1a8d57957f4b8f89e74519f41f4f4938767e4ce"},
			{Name: "ind.citeseer.allx", SHA256: "2ac30345d95c9ec933a817ee0bdd6a5f077f8c184a20e696910192d534414668"},
			{Name: "ind.citeseer.ally", SHA256: "f704b2d986dde6c2669934de1f3ae5696a6cf9455c0f6b2646a2d135ea0a1c95"},
			{Name: "ind.citeseer.graph", SHA256: "d79a4ef9d3e7169aee8946145f6b7306e35bc79bffad26346cfb94e10e9912a7"},
			{Name: "ind.citeseer.test.index", SHA256: "2af990671580b6b2df5d158d1038f8292e30c9cd821b5453f399659b25b723d4"},
		}},
		{Name: "pubmed", Kind: "planetoid", URL: planetoid, Files: []File{
			{Name: "ind.pubmed.x", SHA256: "fbe9cb5c47200d1b7769a26e579be3b7130b556831f9d850e77c4c74f2599b33"},
			{Name: "ind.pubmed.y", SHA256: "e6c807633307a07ed659249006536a147c7999c797f11a2560752990181b41b3"},
			{Name: "ind.pubmed.tx", SHA256: "4eb5f5d0f30f26497eb0ac6ac9719d09c67e284f1ed0385c93f3ef27a671da3d"},
			{Name: "ind.pubmed.ty", SHA256: "ee2e0d4819d9fbcc403689c3bf2e49face401b605932f093bc58ab6461130fdd"},
			{Name: "ind.pubmed.allx", SHA256: "508e538e2abdccdd54c4d3e9f49d638b4af7107d85845f66ddea5a5152658b7e"},
			{Name: "ind.pubmed.ally", SHA256: "0c37bbe3b5014ec365e9d393cf4791925e5ed94fb194305d74f064a8d7b50f0e"},
			{Name: "ind.pubmed.graph", SHA256: "5b89f0036ca22909471f1e6558eb42fa06e0c730a577bde5b058b40638f81dc9"},
			{Name: "ind.pubmed.test.index", SHA256: "b101d421688bbaecbd82e8a18f1e282378d6830f3a37666f28ebc47f844341b5"},
		}},
		{Name: "wikitext-2", Kind: "wikitext-2", URL: "https://raw.githubusercontent.com/pytorch/examples/main/word_language_model/data/wikitext-2", Files: []File{
			{Name: "train.txt", SHA256: "9e9fa1ad55b1c2c95b08e37dd8e653f638fac2c6de904b79e813611eefbc985f"},
			{Name: "valid.txt", SHA256: "f0737ed31fc1329026e95cb8b98e19c2a182c39c240ab909dc31abf2f8af58e8"},
			{Name: "test.txt", SHA256: "d790b833ef8cf03a90db7bf1271b7520b83c45ce07ba3c1a9699df81e239eca0"},
		}},
	}
}

// zipped describes a file that is published gzipped, with the checksums of both forms.
func zipped(plainName, sum, plainSum string) File {
	return File{Name: plainName + ".gz", SHA256: sum, PlainName: plainName, PlainSHA256: plainSum}
}
