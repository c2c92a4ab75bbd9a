<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis version="3.22.16-Białowieża" styleCategories="Symbology">
  <pipe-data-defined-properties>
    <Option type="Map">
      <Option type="QString" name="name" value=""/>
      <Option name="properties"/>
      <Option type="QString" name="type" value="collection"/>
    </Option>
  </pipe-data-defined-properties>
  <pipe>
    <provider>
      <resampling zoomedInResamplingMethod="nearestNeighbour" zoomedOutResamplingMethod="nearestNeighbour" enabled="false" maxOversampling="2"/>
    </provider>
    <rasterrenderer type="paletted" band="1" alphaBand="-1" opacity="1" nodataColor="">
      <minMaxOrigin>
        <limits>None</limits>
        <extent>WholeRaster</extent>
        <statAccuracy>Estimated</statAccuracy>
        <cumulativeCutLower>0.02</cumulativeCutLower>
        <cumulativeCutUpper>0.98</cumulativeCutUpper>
        <stdDevFactor>2</stdDevFactor>
      </minMaxOrigin>
      <colorPalette>
        <paletteEntry alpha="255" value="1" color="#cc6677" label="1"/>
        <paletteEntry alpha="255" value="2" color="#332288" label="2"/>
        <paletteEntry alpha="255" value="3" color="#ddcc77" label="3"/>
        <paletteEntry alpha="255" value="4" color="#117733" label="4"/>
        <paletteEntry alpha="255" value="5" color="#88ccee" label="5"/>
        <paletteEntry alpha="255" value="6" color="#882255" label="6"/>
        <paletteEntry alpha="255" value="7" color="#44aa99" label="7"/>
        <paletteEntry alpha="255" value="8" color="#999933" label="8"/>
        <paletteEntry alpha="255" value="9" color="#aa4499" label="9"/>
        <paletteEntry alpha="255" value="10" color="#f58231" label="10"/>
        <paletteEntry alpha="255" value="11" color="#4363d8" label="11"/>
        <paletteEntry alpha="255" value="12" color="#9a6324" label="12"/>
        <paletteEntry alpha="255" value="13" color="#bcf60c" label="13"/>
        <paletteEntry alpha="255" value="14" color="#f032e6" label="14"/>
        <paletteEntry alpha="255" value="15" color="#800000" label="15"/>
        <paletteEntry alpha="255" value="16" color="#46f0f0" label="16"/>
        <paletteEntry alpha="255" value="17" color="#808000" label="17"/>
        <paletteEntry alpha="255" value="18" color="#fabebe" label="18"/>
        <paletteEntry alpha="255" value="19" color="#000075" label="19"/>
        <paletteEntry alpha="255" value="20" color="#aaffc3" label="20"/>
        <paletteEntry alpha="255" value="21" color="#e6beff" label="21"/>
        <paletteEntry alpha="255" value="22" color="#ffd8b1" label="22"/>
        <paletteEntry alpha="255" value="23" color="#fffac8" label="23"/>
        <paletteEntry alpha="255" value="24" color="#3cb44b" label="24"/>
        <paletteEntry alpha="255" value="25" color="#f2f2f2" label="25"/>
      </colorPalette>
    </rasterrenderer>
    <brightnesscontrast brightness="0" contrast="0" gamma="1"/>
    <huesaturation saturation="0" colorizeGreen="128" colorizeBlue="128" colorizeStrength="100" colorizeRed="255" invertColors="0" grayscaleMode="0" colorizeOn="0"/>
    <rasterresampler maxOversampling="2"/>
    <resamplingStage>resamplingFilter</resamplingStage>
  </pipe>
  <blendMode>0</blendMode>
</qgis>
